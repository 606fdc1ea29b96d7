"""Handed centres: atoms whose neighbours keep their sense of rotation as long as no bond breaks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations

import networkx as nx
import numpy as np
from jaxtyping import Float, Int

from supple.molecule.symmetry.colour_refinement import equivalence_classes

#: (centre, three of its neighbours in ascending order) -> sign of their triple product.
Handedness = Mapping[tuple[int, int, int, int], int]

#: A centre has a handedness when its sign is the same in at least this fraction of the frames ...
_RIGID = 0.995
#: ... and, with three neighbours, when the triple product of its bonds' directions is larger than this; 0 in a plane,
#: 0.77 at a tetrahedral angle.
_PYRAMIDAL = 0.3
_NITROGEN = 7


def find_handedness(graph: nx.Graph, positions: Float[np.ndarray, "M N 3"]) -> Handedness:
    """The handedness of every centre on which the frames agree.

    Centres with four neighbours have one, and pyramidal ones with three that never invert in the data. A nitrogen with three
    neighbours inverts too easily, whether or not the frames show it. Where centres that the bond graph does not distinguish
    differ, none of them counts: what is handed does not depend on the names of the atoms.

    Args:
        graph: the bond graph, with atomic numbers as `z`.
        positions: Å, shape (M, N, 3).
    """
    classes = equivalence_classes(graph)
    signs: dict[tuple[int, int, int, int], int] = {}
    flexible = set()
    for centre in graph:
        neighbours = sorted(graph[centre])
        if len(neighbours) not in (3, 4):  # fewer have no handedness; more rearrange without breaking
            continue
        for a, b, c in combinations(neighbours, 3):
            sign = 0
            if len(neighbours) == 4 or graph.nodes[centre]["z"] != _NITROGEN:
                sign = _sign(positions, centre, (a, b, c), 0.0 if len(neighbours) == 4 else _PYRAMIDAL)
            signs[centre, a, b, c] = sign
            if not sign:
                flexible.add(_kind(classes, centre, (a, b, c)))
    return {place: sign for place, sign in signs.items() if _kind(classes, place[0], place[1:]) not in flexible}


def possible_signs(handedness: Handedness, image: Mapping[int, int], signs: Iterable[int] = (1, -1)) -> tuple[int, ...]:
    """What a renaming of atoms may do to all handed centres at once: keep them (1), invert them (-1), either, or neither.

    Args:
        handedness: of the molecule.
        image: where atoms go; centres of which atoms are missing do not count.
        signs: those to choose from.
    """
    left = set(signs)
    for (centre, *trio), sign in handedness.items():
        if centre in image and all(i in image for i in trio):
            there = [image[i] for i in trio]
            a, b, c = sorted(there)
            left &= {sign * handedness[image[centre], a, b, c] * _parity(there)}
            if not left:
                break
    return tuple(sorted(left, reverse=True))


def triple_products(positions: Float[np.ndarray, "M N 3"], trios: Int[np.ndarray, "H 4"]) -> Float[np.ndarray, "M H"]:
    """a·(b×c) of the directions from each centre to its three neighbours: 0 in a plane, 0.77 in a tetrahedron."""
    centre = positions[:, trios[:, 0]]
    a, b, c = (positions[:, trios[:, k]] - centre for k in (1, 2, 3))
    lengths = np.prod([np.linalg.norm(vectors, axis=2) for vectors in (a, b, c)], axis=0)
    return np.asarray(np.einsum("mhx,mhx->mh", a, np.cross(b, c)) / np.maximum(lengths, 1e-12))


def _sign(positions: Float[np.ndarray, "M N 3"], centre: int, trio: tuple[int, int, int], least: float) -> int:
    """The sign of the triple product of three bonds' directions; 0 where the frames disagree, or it is too small."""
    products = triple_products(positions, np.array([(centre, *trio)]))
    mean = float(np.sign(products).mean())
    return int(np.sign(mean)) if abs(mean) >= 2 * _RIGID - 1 and abs(products.mean()) > least else 0


def _kind(classes: tuple[int, ...], centre: int, trio: tuple[int, ...]) -> tuple[int, ...]:
    return (classes[centre], *sorted(classes[i] for i in trio))


def _parity(trio: list[int]) -> int:
    """+1 when sorting the three takes an even number of exchanges, -1 when odd."""
    return -1 if sum(x > y for x, y in combinations(trio, 2)) % 2 else 1
