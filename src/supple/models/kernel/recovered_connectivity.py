"""The connectivity of the training frames of a kernel model that does not state it, from the distances in its descriptors.

Distances determine a geometry up to its mirror image (classical scaling; Torgerson, Psychometrika 17, 401 (1952),
doi 10.1007/BF02288916). The images are chosen so that the centres of all frames have the same handedness, as far as possible.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from jaxtyping import Float, Int

from supple.molecule.bonds import atom_pairs, frequent_bonds
from supple.molecule.connectivity import Connectivity
from supple.molecule.symmetry.handedness import triple_products


def recovered_connectivity(numbers: Int[np.ndarray, "N"], x: Float[np.ndarray, "M D"]) -> Connectivity | None:
    """The connectivity of frames.

    Args:
        numbers: atomic numbers, shape (N,).
        x: inverse distances of all pairs of atoms, in the order of `atom_pairs`, 1/Å.

    Returns:
        None if there are no frames, or numbers that are no inverse distances.
    """
    if len(numbers) < 2 or not x.size or not (np.isfinite(x).all() and (x > 0).all()):
        return None
    positions = _geometries(len(numbers), 1 / x)
    bonds = frequent_bonds(numbers, positions)
    trios = [(c, *trio) for c in range(len(numbers)) for trio in combinations(np.flatnonzero(bonds[c]).tolist(), 3)]
    products = triple_products(positions, np.array(trios, dtype=np.int64).reshape(-1, 4))
    usual = products[0]
    for _ in range(2):  # first as in frame 0, then as in most
        hands = np.where(products @ usual < 0, -1.0, 1.0)
        usual = hands @ products
    return Connectivity.of(numbers, positions * hands[:, None, None])


def _geometries(n_atoms: int, distances: Float[np.ndarray, "M D"]) -> Float[np.ndarray, "M N 3"]:
    """A geometry with these distances between its atoms, or nearly."""
    i, j = atom_pairs(n_atoms)
    squares = np.zeros((len(distances), n_atoms, n_atoms))
    squares[:, i, j] = squares[:, j, i] = distances**2
    centre = np.eye(n_atoms) - 1 / n_atoms
    sizes, directions = np.linalg.eigh(-0.5 * centre @ squares @ centre)
    found = directions * np.sqrt(np.maximum(sizes, 0.0))[:, None, :]
    largest = found[:, :, ::-1][:, :, :3]
    return np.concatenate([largest, np.zeros((len(found), n_atoms, 3 - largest.shape[2]))], axis=2)
