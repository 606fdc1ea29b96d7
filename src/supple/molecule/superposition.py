"""Superposition: how far apart two geometries of a molecule are, at the best, however they are turned and named."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from supple.molecule.symmetry.automorphisms import HandedGraph
from supple.molecule.symmetry.permutations import find_permutations


def rmsd(one: Float[np.ndarray, "N 3"], other: Float[np.ndarray, "N 3"]) -> float:
    """The root mean square distance of corresponding atoms after superposition, Å.

    W. Kabsch, Acta Cryst. A 32, 922 (1976), doi 10.1107/S0567739476001873.
    """
    a, b = one - one.mean(axis=0), other - other.mean(axis=0)
    left, singular, right = np.linalg.svd(a.T @ b)
    singular[-1] *= np.sign(np.linalg.det(left @ right))
    squares = (a**2).sum() + (b**2).sum() - 2 * singular.sum()
    return float(np.sqrt(max(squares, 0.0) / len(a)))


def equivalent_rmsd(
    numbers: Int[np.ndarray, "N"], one: Float[np.ndarray, "N 3"], other: Float[np.ndarray, "N 3"]
) -> float:
    """The smallest `rmsd` of a geometry to any that a symmetry of the molecule makes of the other, reflections included."""
    molecule = HandedGraph.of(numbers, one[None])
    images = (
        sign * other[p] for p in find_permutations(numbers, one[None]) for sign in molecule.signs(tuple(p.tolist()))
    )
    return min(rmsd(one, image) for image in images)
