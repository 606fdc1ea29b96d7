"""The group of symmetries of a bond graph with handed centres: its generators and its order, without listing its elements.

Atoms are fixed one by one until nothing is left to exchange. For each of them, from the last to the first, one symmetry is
sought for every atom to which it can move while those before it stay; these generate the group, and the product of the
numbers of such atoms is its order (Sims' stabiliser chain). A search distinguishes atoms by colour refinement and tries
what is left, as programs for graph isomorphism do (McKay and Piperno, J. Symb. Comput. 60, 94, 2014, doi
10.1016/j.jsc.2013.09.003). These know nothing of handedness, which excludes most symmetries of the graph of a molecule:
here it is respected while atoms are assigned.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

import networkx as nx
import numpy as np
from jaxtyping import Float, Int

from supple.molecule.bonds import bond_graph
from supple.molecule.symmetry.colour_refinement import (
    Colours,
    equivalence_classes,
    individualised,
    neighbour_lists,
    refine,
)
from supple.molecule.symmetry.handedness import Handedness, find_handedness, possible_signs
from supple.molecule.symmetry.permutation_algebra import Permutation, identity, product


@dataclass(frozen=True, eq=False)
class HandedGraph:
    """A bond graph and the handedness of its centres.

    Attributes:
        graph: nodes 0 to N - 1, with atomic numbers as `z`.
        handedness: of its centres.
    """

    graph: nx.Graph
    handedness: Handedness

    @classmethod
    def of(cls, numbers: Int[np.ndarray, "N"], positions: Float[np.ndarray, "M N 3"]) -> HandedGraph:
        """That of a molecule; positions in Å."""
        graph = bond_graph(numbers, positions)
        return cls(graph, find_handedness(graph, positions))

    @cached_property
    def colours(self) -> Colours:
        """Those of colour refinement."""
        return equivalence_classes(self.graph)

    @cached_property
    def neighbours(self) -> list[list[int]]:
        """Of each atom."""
        return neighbour_lists(self.graph)

    def symmetry(self, fixed: Iterable[tuple[int, int]] = (), signs: Sequence[int] = (1, -1)) -> Permutation | None:
        """A symmetry that takes given atoms to given atoms, or None; it moves no more other atoms than it has to.

        Args:
            fixed: pairs of an atom and its image.
            signs: 1 where handed centres may be kept, -1 where all of them may be inverted, as in a mirror; the first is tried
                first.
        """
        left = right = self.colours
        for atom, image in fixed:
            if left[atom] != right[image]:
                return None
            left, right = individualised(left, atom), individualised(right, image)
        found = (self._search(left, right, (sign,)) for sign in signs)
        return next((p for p in found if p is not None), None)

    def signs(self, p: Permutation) -> tuple[int, ...]:
        """What a symmetry does to the handed centres: keeps them (1), inverts them (-1), or either, where there are none."""
        return possible_signs(self.handedness, dict(enumerate(p)))

    def refined(self, colours: Colours) -> Colours:
        """A colouring refined."""
        refined = refine(self.neighbours, colours, colours)
        assert refined is not None  # a colouring always agrees with itself
        return refined[0]

    def _search(self, left: Colours, right: Colours, signs: tuple[int, ...]) -> Permutation | None:
        refined = refine(self.neighbours, left, right)
        if refined is None:
            return None
        left, right = refined
        here, there = _cells(left), _cells(right)
        single = {atoms[0]: there[colour][0] for colour, atoms in here.items() if len(atoms) == 1}
        if not possible_signs(self.handedness, single, signs):
            return None
        if len(single) == len(left):
            return tuple(single[i] for i in range(len(left)))
        atom = min(atoms[0] for atoms in here.values() if len(atoms) > 1)
        for image in sorted(there[left[atom]], key=lambda i: (i != atom, i)):
            found = self._search(individualised(left, atom), individualised(right, image), signs)
            if found is not None:
                return found
        return None


@dataclass(frozen=True, eq=False)
class SymmetryGroup:
    """A group of symmetries.

    Attributes:
        generators: elements of which all others are products; none for the identity alone.
        transversals: for each atom of the stabiliser chain a symmetry to each of the atoms to which it can move.
    """

    generators: tuple[Permutation, ...]
    transversals: tuple[tuple[Permutation, ...], ...]

    @property
    def order(self) -> int:
        """The number of its elements."""
        return prod(len(transversal) for transversal in self.transversals)

    def elements(self, size: int) -> list[Permutation]:
        """All of them, as permutations of so many atoms, in ascending order."""
        found = [identity(size)]
        for transversal in reversed(self.transversals):
            found = [product(p, q) for p in transversal for q in found]
        return sorted(found)


def symmetry_group(molecule: HandedGraph) -> SymmetryGroup:
    """All feasible symmetries of a molecule: those that keep every handed centre, and those that invert every one.

    Heavy atoms come first in the chain, so that among the generators are those of the symmetries that leave all of them in
    place.
    """
    levels = []
    colours = molecule.colours
    while (atom := _next_atom(molecule, colours)) is not None:
        levels.append((atom, [i for i, colour in enumerate(colours) if colour == colours[atom]]))
        colours = molecule.refined(individualised(colours, atom))
    generators: list[Permutation] = []
    transversals = []
    for level in reversed(range(len(levels))):
        atom, candidates = levels[level]
        before = [(b, b) for b, _ in levels[:level]]
        reached = _orbit(atom, generators, len(colours))
        stabiliser, hopeless = list(generators), set[int]()
        for image in candidates:
            if image in reached or image in hopeless:
                continue
            found = molecule.symmetry([*before, (atom, image)])
            if found is None:
                hopeless |= set(_orbit(image, stabiliser, len(colours)))
            else:
                generators.append(found)
                reached = _orbit(atom, generators, len(colours))
        transversals.append(tuple(reached.values()))
    return SymmetryGroup(tuple(generators), tuple(reversed(transversals)))


def _next_atom(molecule: HandedGraph, colours: Colours) -> int | None:
    """The first atom that shares its colour, heavy atoms before hydrogens; None where there is none."""
    shared = [atoms for atoms in _cells(colours).values() if len(atoms) > 1]
    light = molecule.graph.nodes
    return min((atom for atoms in shared for atom in atoms), key=lambda i: (light[i]["z"] == 1, i), default=None)


def _orbit(atom: int, generators: Sequence[Permutation], size: int) -> dict[int, Permutation]:
    """The atoms to which an atom can move, with a product of generators that takes it there."""
    reached = {atom: identity(size)}
    fresh = [atom]
    while fresh:
        i = fresh.pop()
        for generator in generators:
            if generator[i] not in reached:
                reached[generator[i]] = product(generator, reached[i])
                fresh.append(generator[i])
    return reached


def _cells(colours: Colours) -> dict[int, list[int]]:
    cells: dict[int, list[int]] = {}
    for atom, colour in enumerate(colours):
        cells.setdefault(colour, []).append(atom)
    return cells
