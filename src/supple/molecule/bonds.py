"""The molecule behind a dataset: which atoms are bonded, judged over all frames."""

from __future__ import annotations

from collections.abc import Iterable

import networkx as nx
import numpy as np
from ase.data import covalent_radii
from jaxtyping import Bool, Float, Int

#: Two atoms are bonded when closer than this times the sum of their covalent radii (Cordero 2008, as in ASE).
BOND_FACTOR = 1.25
#: ... in at least this fraction of the frames; a proton that hops is bonded to both its partners.
BOND_FRACTION = 0.05


def pair_distances(positions: Float[np.ndarray, "M N 3"]) -> Float[np.ndarray, "M N N"]:
    """Distances of all pairs in Å."""
    return np.linalg.norm(positions[:, :, None] - positions[:, None], axis=-1)


def bonds(numbers: Int[np.ndarray, "N"], positions: Float[np.ndarray, "M N 3"]) -> Bool[np.ndarray, "N N"]:
    """Which atoms are bonded in these frames: a symmetric matrix with a false diagonal."""
    radii = covalent_radii[numbers]
    reach = BOND_FACTOR * (radii[:, None] + radii)
    bonded = (pair_distances(positions) < reach).mean(axis=0) >= BOND_FRACTION
    np.fill_diagonal(bonded, False)
    return bonded


def bond_graph(numbers: Int[np.ndarray, "N"], positions: Float[np.ndarray, "M N 3"]) -> nx.Graph:
    """The bond graph; each node carries its atomic number as `z`."""
    graph = nx.Graph()
    graph.add_nodes_from((i, {"z": int(z)}) for i, z in enumerate(numbers))
    graph.add_edges_from(np.argwhere(np.triu(bonds(numbers, positions))).tolist())
    return graph


def bond_angles(
    positions: Float[np.ndarray, "M N 3"], angles: Iterable[tuple[int, int, int]]
) -> Float[np.ndarray, "M A"]:
    """Degrees, of each angle i-j-k in each frame."""
    i, j, k = np.array(list(angles), dtype=np.int64).reshape(-1, 3).T
    a, b = positions[:, i] - positions[:, j], positions[:, k] - positions[:, j]
    # by the arctangent, which is precise near 180 degrees, too
    across = np.linalg.norm(np.cross(a, b), axis=2)
    return np.degrees(np.arctan2(across, np.einsum("mac,mac->ma", a, b)))
