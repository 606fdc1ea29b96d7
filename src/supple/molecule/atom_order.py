"""The order of atoms in which a geometry has the connectivity of a molecule.

The graph of its bonds is matched to that of the molecule (VF2; Cordella et al., IEEE Trans. Pattern Anal. Mach. Intell. 26,
1367 (2004), doi 10.1109/TPAMI.2004.75) so that every lasting bond is there, every bond that is there is a frequent one, and
each centre has its handedness, or each the opposite one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import islice

import networkx as nx
import numpy as np
from jaxtyping import Float, Int
from networkx.algorithms.isomorphism import GraphMatcher

from supple.molecule.bonds import BOND_FACTOR, graph_of_pairs, pair_distances, relative_distances
from supple.molecule.connectivity import CLEARLY, STRETCHED, Connectivity
from supple.molecule.symmetry.handedness import triple_products

#: Orders that are compared: among equally good ones, that which moves the fewest atoms is taken.
_COMPARED = 50
#: Pairs of atoms that are tried before the search is given up: about a second.
_TRIED = 100_000


def matching_order(
    connectivity: Connectivity,
    numbers: Int[np.ndarray, "N"],
    positions: Float[np.ndarray, "N 3"],
    own_numbers: Int[np.ndarray, "N"],
) -> Int[np.ndarray, "N"] | None:
    """The order that brings the atoms of a geometry to their places in the molecule; None if its bonds are others.

    Args:
        connectivity: of the molecule.
        numbers: atomic numbers of the geometry.
        positions: of the geometry, Å.
        own_numbers: atomic numbers of the molecule.

    Returns:
        Indices: `positions[order]` is the geometry in the order of the molecule.
    """
    distances = relative_distances(numbers, pair_distances(positions[None]))[0]
    geometry = graph_of_pairs(numbers, distances < STRETCHED)
    bonds = graph_of_pairs(numbers, distances < BOND_FACTOR)
    molecule = nx.Graph()
    molecule.add_nodes_from((i, {"z": int(z)}) for i, z in enumerate(own_numbers))
    molecule.add_edges_from(connectivity.lasting)
    if not _has_enough_bonds(geometry, molecule):
        return None
    best, moved = None, len(numbers) + 1
    for hand in (1, -1):
        matcher = _Matcher(geometry, bonds, molecule, connectivity, positions, hand)
        try:
            for mapping in islice(matcher.subgraph_monomorphisms_iter(), _COMPARED):
                order = np.empty(len(numbers), dtype=np.int64)
                order[list(mapping.values())] = list(mapping)
                if (count := int((order != np.arange(len(order))).sum())) < moved:
                    best, moved = order, count
        except _GivenUp:
            continue
    return best


class _GivenUp(Exception):  # noqa: N818 (no error)
    """The search takes too long."""


class _Matcher(GraphMatcher):  # type: ignore[misc]
    """Matches a geometry (its first graph, with stretched bonds) to a molecule (its second, of the lasting bonds)."""

    def __init__(
        self,
        geometry: nx.Graph,
        bonds: nx.Graph,
        molecule: nx.Graph,
        connectivity: Connectivity,
        positions: Float[np.ndarray, "N 3"],
        hand: int,
    ) -> None:
        super().__init__(geometry, molecule)
        self._allowed = {frozenset(pair) for pair in connectivity.frequent}
        self._bonds, self._positions, self._hand, self._tried = bonds, positions, hand, 0
        self._centres: dict[int, list[tuple[int, int, int, int, int]]] = defaultdict(list)
        for centre in connectivity.handed:
            for atom in centre[:4]:
                self._centres[atom].append(centre)

    def semantic_feasibility(self, there: int, here: int) -> bool:
        """Whether atom `there` of the geometry may be atom `here` of the molecule, beside those that are matched."""
        self._tried += 1
        if self._tried > _TRIED:
            raise _GivenUp
        if self.G1.nodes[there]["z"] != self.G2.nodes[here]["z"]:
            return False
        bonded = (self.core_1[other] for other in self._bonds[there] if other in self.core_1)
        if any(frozenset((other, here)) not in self._allowed for other in bonded):
            return False
        return all(self._has_hand(centre, there, here) for centre in self._centres[here])

    def _has_hand(self, centre: tuple[int, int, int, int, int], there: int, here: int) -> bool:
        *atoms, sign = centre
        places = [there if atom == here else self.core_2.get(atom) for atom in atoms]
        if None in places:
            return True
        found = triple_products(self._positions[None], np.array([places], dtype=np.int64))[0, 0]
        return bool(found * sign * self._hand > -CLEARLY)


def _has_enough_bonds(geometry: nx.Graph, molecule: nx.Graph) -> bool:
    """Whether there are as many bonds of each kind as the molecule needs: mostly, that settles it."""
    have, need = _kinds(geometry), _kinds(molecule)
    return all(have[kind] >= count for kind, count in need.items())


def _kinds(graph: nx.Graph) -> Counter[tuple[int, ...]]:
    z = nx.get_node_attributes(graph, "z")
    return Counter(tuple(sorted((z[i], z[j]))) for i, j in graph.edges)
