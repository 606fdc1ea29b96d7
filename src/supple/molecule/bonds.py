"""Bonds: which atoms are bonded in a geometry, and the bond graph of a molecule over many geometries.

Two atoms are bonded when they are closer than 1.25 times the sum of their covalent radii (Cordero et al., Dalton Trans.
2008, 2832, as in ASE). Over the frames of a dataset there are two questions, with different answers where bonds change:

    frequent_bonds   which bonds occur, in 5 % of the frames at least? A proton that hops is bonded to both its partners.
    commonest_bonds  which bonds does the molecule have? Those of the bond graph that most frames share.
"""

from __future__ import annotations

from collections.abc import Iterable

import networkx as nx
import numpy as np
from ase.data import covalent_radii
from jaxtyping import Bool, Float, Int

#: Atoms closer than this times the sum of their covalent radii are bonded ...
BOND_FACTOR = 1.25
#: ... and a bond is frequent when it occurs in at least this fraction of the frames.
BOND_FRACTION = 0.05
#: Frames whose distances are computed at a time, so that they stay in the cache.
_CHUNK = 500


def atom_pairs(n_atoms: int) -> tuple[Int[np.ndarray, "D"], Int[np.ndarray, "D"]]:
    """First and second atom, i > j, of each of the D = N(N-1)/2 pairs."""
    i, j = np.tril_indices(n_atoms, -1)
    return i, j


def pair_distances(positions: Float[np.ndarray, "M N 3"]) -> Float[np.ndarray, "M D"]:
    """Distances of all pairs of atoms, in the order of `atom_pairs` and the unit of the positions."""
    i, j = atom_pairs(positions.shape[1])
    out = np.empty((len(positions), len(i)))
    for start in range(0, len(positions), _CHUNK):
        part = slice(start, start + _CHUNK)
        out[part] = np.linalg.norm(positions[part, i] - positions[part, j], axis=2)
    return out


def relative_distances(numbers: Int[np.ndarray, "N"], distances: Float[np.ndarray, "M D"]) -> Float[np.ndarray, "M D"]:
    """Pair distances in Å over the sum of the two covalent radii: about 1 for a bond."""
    i, j = atom_pairs(len(numbers))
    radii = covalent_radii[numbers]
    return distances / (radii[i] + radii[j])


def bonded_pairs(numbers: Int[np.ndarray, "N"], distances: Float[np.ndarray, "M D"]) -> Bool[np.ndarray, "M D"]:
    """Which pairs are bonded in each frame; distances in Å, as from `pair_distances`."""
    return relative_distances(numbers, distances) < BOND_FACTOR


def frequent_bonds(numbers: Int[np.ndarray, "N"], positions: Float[np.ndarray, "M N 3"]) -> Bool[np.ndarray, "N N"]:
    """The bonds that occur in at least 5 % of the frames, as a symmetric matrix with a false diagonal.

    Args:
        numbers: atomic numbers, shape (N,).
        positions: Å, shape (M, N, 3).
    """
    i, j = atom_pairs(len(numbers))
    matrix = np.zeros((len(numbers), len(numbers)), dtype=bool)
    matrix[i, j] = bonded_pairs(numbers, pair_distances(positions)).mean(axis=0) >= BOND_FRACTION
    return matrix | matrix.T


def commonest_bonds(bonded: Bool[np.ndarray, "M D"]) -> Bool[np.ndarray, "D"]:
    """The bonds of the commonest bond graph among frames, from the bonds of each frame as `bonded_pairs` gives them."""
    graphs, counts = np.unique(bonded, axis=0, return_counts=True)
    return graphs[counts.argmax()]


def bond_graph(numbers: Int[np.ndarray, "N"], positions: Float[np.ndarray, "M N 3"]) -> nx.Graph:
    """The graph of the frequent bonds; each node carries its atomic number as `z`. Arguments as `frequent_bonds`."""
    return _graph(numbers, np.argwhere(np.triu(frequent_bonds(numbers, positions))))


def graph_of_pairs(numbers: Int[np.ndarray, "N"], joined: Bool[np.ndarray, "D"]) -> nx.Graph:
    """The graph that joins these pairs of atoms, given in the order of `atom_pairs`; nodes as in `bond_graph`."""
    return _graph(numbers, np.stack(atom_pairs(len(numbers)), axis=1)[joined])


def bond_angles(
    positions: Float[np.ndarray, "M N 3"], angles: Iterable[tuple[int, int, int]]
) -> Float[np.ndarray, "M A"]:
    """Each angle i-j-k in each frame, in degrees."""
    i, j, k = np.array(list(angles), dtype=np.int64).reshape(-1, 3).T
    a, b = positions[:, i] - positions[:, j], positions[:, k] - positions[:, j]
    # by the arctangent, which is precise near 180 degrees, too
    across = np.linalg.norm(np.cross(a, b), axis=2)
    return np.degrees(np.arctan2(across, np.einsum("mac,mac->ma", a, b)))


def _graph(numbers: Int[np.ndarray, "N"], edges: Int[np.ndarray, "B 2"]) -> nx.Graph:
    graph = nx.Graph()
    graph.add_nodes_from((i, {"z": int(z)}) for i, z in enumerate(numbers))
    graph.add_edges_from(edges.tolist())
    return graph
