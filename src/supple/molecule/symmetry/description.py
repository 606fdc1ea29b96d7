"""Permutation symmetries in a chemist's words: which atoms are equivalent, and what makes them so.

4 permutation symmetries; equivalent atoms: H 7, 8 (CH2 group of C1); H 9, 10 (NH2 group of N2)
8 permutation symmetries; equivalent atoms: C 1, 3, 14, 16; ...; ring C1-C2-C3-C4-C5-C6 flips; ...
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import networkx as nx
from ase.data import chemical_symbols

from supple.molecule.symmetry.permutation_algebra import (
    Permutation,
    generated,
    identity,
    moved,
    orbits,
    product,
    simplest_first,
)
from supple.molecule.symmetry.permutations import LIMIT, PermutationSymmetries

#: Of the motions that are left out, so many are named.
_LISTED = 3


@dataclass(frozen=True)
class SymmetryDescription:
    """What a group of permutations of atoms does to a molecule; atoms are counted from 1.

    Attributes:
        order: permutations in the group, the identity included.
        equivalent_atoms: sets of atoms that change places, such as `H 7, 8 (CH2 group of C1)`.
        motions: what else exchanges them, such as `ring C1-C2-C3-C4-C5-C6 flips`; the smallest first.
        full_order: permutations of the molecule, of which the group is a part or the whole.
        left_out: what is left out of the group, because that would be too large.
    """

    order: int
    equivalent_atoms: tuple[str, ...] = ()
    motions: tuple[str, ...] = ()
    full_order: int = 1
    left_out: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.full_order == 1:
            return "no permutation symmetry"
        phrases = [f"{self.order} permutation symmetries"]
        if self.left_out:
            phrases = [
                f"{self.order} of {self.full_order} permutation symmetries are used, since more than {LIMIT} would cost more "
                f"time than they improve a model (left out: {_few(self.left_out)})"
            ]
        if self.equivalent_atoms:
            phrases.append(f"equivalent atoms: {'; '.join(self.equivalent_atoms)}")
        return "; ".join([*phrases, *self.motions])


def describe_symmetry(graph: nx.Graph, symmetries: PermutationSymmetries) -> SymmetryDescription:
    """Describe a group of permutations.

    Args:
        graph: the bond graph, with atomic numbers as `z`.
        symmetries: the group, and what is left out of it, as `find_symmetries` returns them.
    """
    elements: list[Permutation] = [tuple(row) for row in symmetries.permutations.tolist()]
    atoms = [orbit for orbit in orbits(elements) if len(orbit) > 1]
    groups = {orbit: group for orbit in atoms if (group := _hydrogen_group(graph, orbit)) is not None}
    motions = [_motion(graph, p) for p in _generators(elements) if not set(moved(p)) <= set().union(*groups)]
    return SymmetryDescription(
        len(elements),
        tuple(_listed(graph, orbit) + (f" ({groups[orbit]})" if groups.get(orbit) else "") for orbit in atoms),
        tuple(dict.fromkeys(motions)),
        symmetries.order,
        tuple(dict.fromkeys(_motion(graph, p) for p in symmetries.left_out)),
    )


def _few(phrases: Sequence[str]) -> str:
    """The first phrases, and how many there are besides."""
    more = len(phrases) - _LISTED
    return "; ".join([*phrases[:_LISTED], *([f"and {more} more"] if more > 0 else [])])


def _generators(group: list[Permutation]) -> list[Permutation]:
    """Few elements that generate the group: rotations of three atoms first, then those that move fewest atoms."""
    made, chosen = {identity(len(group[0]))}, list[Permutation]()
    for p in simplest_first(group):
        if p not in made:
            chosen.append(p)
            made = generated(chosen)
    return chosen


def _hydrogen_group(graph: nx.Graph, atoms: Sequence[int]) -> str | None:
    """`CH2 group of C1`, where the atoms are all hydrogens of one atom; None otherwise.

    Empty where these are the whole molecule, as in ammonia: there is nothing to tell this group from.
    """
    carriers = {n for i in atoms for n in graph.neighbors(i)}
    if any(graph.nodes[i]["z"] != 1 for i in atoms) or len(carriers) != 1:
        return None
    (carrier,) = carriers
    if sum(graph.nodes[i]["z"] == 1 for i in graph.neighbors(carrier)) != len(atoms):
        return None
    if len(atoms) + 1 == len(graph):
        return ""
    if graph.nodes[carrier]["z"] == 6 and len(atoms) == 3:
        return f"methyl group of {_name(graph, carrier)}"
    return f"{chemical_symbols[graph.nodes[carrier]['z']]}H{len(atoms)} group of {_name(graph, carrier)}"


def _motion(graph: nx.Graph, p: Permutation) -> str:
    """What a permutation does to the molecule."""
    atoms = moved(p)
    if group := _hydrogen_group(graph, atoms):
        return f"{group} rotates"
    ring = next((r for r in nx.cycle_basis(graph) if set(r) & set(atoms) and {p[i] for i in r} == set(r)), None)
    if ring is not None and all(i in ring or any(n in ring for n in graph.neighbors(i)) for i in atoms):
        return f"ring {'-'.join(_name(graph, i) for i in sorted(ring))} {_turn(p, ring)}"
    pieces = sorted(nx.connected_components(graph.subgraph(atoms)), key=min)
    if len(pieces) == 2 and {p[i] for i in pieces[0]} == pieces[1]:
        return f"{' and '.join(_fragment(graph, piece) for piece in pieces)} swap"
    if len(atoms) > 0.6 * len(graph):
        return f"the {'two halves of the molecule swap' if _halves_swap(graph, p) else 'molecule rotates onto itself'}"
    pairs = [f"{_name(graph, i)}-{_name(graph, p[i])}" for i in atoms if p[p[i]] == i and i < p[i]]
    if 2 * len(pairs) == len(atoms):
        return f"{' and '.join(pairs)} swap{' together' if len(pairs) > 1 else ''}"
    return ", ".join(f"{_name(graph, i)}→{_name(graph, p[i])}" for i in atoms)


def _turn(p: Permutation, ring: list[int]) -> str:
    """A half turn about an axis in the plane of a ring, or a rotation about the axis of the ring."""
    return "flips" if any(p[i] == i for i in ring) else "rotates"


def _halves_swap(graph: nx.Graph, p: Permutation) -> bool:
    """Whether a bond in the middle is turned end for end, and with it all atoms bonded to either end."""
    return product(p, p) == identity(len(p)) and any(p[i] == k for i, k in nx.bridges(graph))


def _listed(graph: nx.Graph, orbit: tuple[int, ...]) -> str:
    return f"{chemical_symbols[graph.nodes[orbit[0]]['z']]} {', '.join(str(i + 1) for i in orbit)}"


def _fragment(graph: nx.Graph, piece: set[int]) -> str:
    heavy = sorted(i for i in piece if graph.nodes[i]["z"] > 1) or sorted(piece)
    return "-".join(_name(graph, i) for i in heavy[:3]) + ("-..." if len(heavy) > 3 else "")


def _name(graph: nx.Graph, i: int) -> str:
    return f"{chemical_symbols[graph.nodes[i]['z']]}{i + 1}"
