"""The permutation symmetries of a molecule, found from its frames.

Every permutation of atoms of one element leaves the energy unchanged; useful are those that the molecule can undergo
without breaking bonds. They are the automorphisms of the bond graph that respect handedness: at an atom with four
neighbours, or a pyramidal one that never inverts in the data, no motion changes the sign of the neighbours' order. A
nitrogen with three neighbours inverts too easily to count as handed, whether or not the frames show it.
Descriptors do not distinguish a molecule from its mirror image, so an automorphism that inverts *all* such centres at once
is allowed, too. (Ethanol has 12 automorphisms, of which 6 are feasible. Benzene, toluene: 12 of 12.)

The result depends neither on a seed nor on the order of the atoms. Symmetry groups of non-rigid molecules:
H. C. Longuet-Higgins, Mol. Phys. 6, 445 (1963).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations, islice

import networkx as nx
import numpy as np
from jaxtyping import Float, Int

from supple.errors import SettingsError
from supple.molecule.bonds import bond_graph
from supple.molecule.symmetry.permutation_algebra import Permutation, identity, is_group

#: More permutations than this cost more time than they improve the model.
LIMIT = 200
_ENUMERATED = 50_000
#: A centre has a handedness when its sign is the same in at least this fraction of the frames.
_RIGID = 0.995

_NITROGEN = 7


def find_permutations(numbers: Int[np.ndarray, "N"], positions: Float[np.ndarray, "M N 3"]) -> Int[np.ndarray, "P N"]:
    """All feasible permutation symmetries of the molecule, the identity first; a group.

    R[p] is the geometry R with its atoms renamed by row p. When there are more than `LIMIT`, only those that leave the
    heavy atoms in place are returned, and the identity alone when these are too many as well.

    Args:
        numbers: atomic numbers, shape (N,).
        positions: Å, shape (M, N, 3); bonds and handedness are judged over all of them.
    """
    graph = bond_graph(numbers, positions)
    centres = handed_centres(graph, positions)
    feasible = [p for p in islice(_automorphisms(graph), _ENUMERATED) if _respects(p, centres)]
    if len(feasible) > LIMIT:
        heavy = np.flatnonzero(numbers > 1)
        feasible = [p for p in feasible if all(p[i] == i for i in heavy)]
    if len(feasible) > LIMIT or not is_group(feasible):
        feasible = [identity(len(numbers))]
    return np.array(sorted(feasible), dtype=np.int64)


def check_permutations(given: Iterable[Iterable[int]], numbers: Int[np.ndarray, "N"]) -> Int[np.ndarray, "P N"]:
    """Permutations given by the user, sorted, shape (P, N).

    Raises:
        SettingsError: one is not a permutation of the atoms or exchanges different elements, or they are not a group.
    """
    found = sorted({tuple(int(i) for i in row) for row in given})
    n = len(numbers)
    for row in found:
        if sorted(row) != list(range(n)):
            raise SettingsError(f"The permutation {list(row)} must name each of the {n} atoms 0 to {n - 1} once.")
        if not np.array_equal(numbers[list(row)], numbers):
            raise SettingsError(f"The permutation {list(row)} exchanges atoms of different elements.")
    if not is_group(found):
        raise SettingsError("The permutations are not a group: add the identity, and the product of any two of them.")
    return np.array(found, dtype=np.int64)


def _automorphisms(graph: nx.Graph) -> Iterator[Permutation]:
    matcher = nx.algorithms.isomorphism.GraphMatcher(
        graph, graph, node_match=nx.algorithms.isomorphism.categorical_node_match("z", 0)
    )
    n = graph.number_of_nodes()
    for mapping in matcher.isomorphisms_iter():
        yield tuple(mapping[i] for i in range(n))


def handed_centres(graph: nx.Graph, positions: Float[np.ndarray, "M N 3"]) -> dict[tuple[int, ...], int]:
    """(centre, three of its neighbours in ascending order) -> sign of their triple product, where the frames agree on it."""
    handed: dict[tuple[int, ...], int] = {}
    for centre in graph:
        neighbours = sorted(graph[centre])
        if len(neighbours) not in (3, 4):  # fewer have no handedness; more rearrange without breaking
            continue
        if len(neighbours) == 3 and graph.nodes[centre]["z"] == _NITROGEN:
            continue
        for trio in combinations(neighbours, 3):
            a, b, c = (positions[:, i] - positions[:, centre] for i in trio)
            signs = np.sign(np.einsum("mi,mi->m", a, np.cross(b, c)))
            if abs(signs.mean()) >= 2 * _RIGID - 1:
                handed[(centre, *trio)] = int(np.sign(signs.mean()))
    return handed


def _respects(p: Permutation, centres: dict[tuple[int, ...], int]) -> bool:
    """Whether renaming by p keeps the handedness of every centre, or inverts every one."""
    signs: set[int] = set()
    for (centre, *trio), sign in centres.items():
        image = [p[i] for i in trio]
        there = centres.get((p[centre], *sorted(image)))
        if there is None:  # equivalent by the graph, but flexible there: no constraint
            continue
        signs.add(sign * there * _parity(image))
        if len(signs) > 1:
            return False
    return True


def _parity(trio: list[int]) -> int:
    """+1 when sorting the three takes an even number of exchanges, -1 when odd."""
    return -1 if sum(x > y for x, y in combinations(trio, 2)) % 2 else 1
