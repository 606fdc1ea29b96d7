"""Superposition: how far apart two geometries of a molecule are, at the best, however they are turned and named."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from supple.molecule.symmetry.automorphisms import HandedGraph
from supple.molecule.symmetry.permutations import find_permutations


def superposed(geometry: Float[np.ndarray, "N 3"], target: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, "N 3"]:
    """A geometry turned and shifted onto another, by least squares.

    W. Kabsch, Acta Cryst. A 32, 922 (1976), doi 10.1107/S0567739476001873.
    """
    centred, centre = geometry - geometry.mean(axis=0), target.mean(axis=0)
    left, _, right = np.linalg.svd(centred.T @ (target - centre))
    rotation = left @ np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))]) @ right
    return np.asarray(centred @ rotation + centre)


def rmsd(one: Float[np.ndarray, "N 3"], other: Float[np.ndarray, "N 3"]) -> float:
    """The root mean square distance of corresponding atoms after superposition, Å."""
    return float(np.sqrt(((superposed(one, other) - other) ** 2).sum(axis=1).mean()))


def equivalent_rmsd(
    numbers: Int[np.ndarray, "N"], one: Float[np.ndarray, "N 3"], other: Float[np.ndarray, "N 3"]
) -> float:
    """The smallest `rmsd` of a geometry to any that a symmetry of the molecule makes of the other, reflections included."""
    molecule = HandedGraph.of(numbers, one[None])
    images = (
        sign * other[p] for p in find_permutations(numbers, one[None]) for sign in molecule.signs(tuple(p.tolist()))
    )
    return min(rmsd(one, image) for image in images)
