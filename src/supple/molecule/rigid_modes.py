"""Velocities of a molecule, divided into those of moving, turning and vibrating.

In mass-weighted coordinates, √m v, moving and turning span six directions (five, of a linear molecule); vibration is what is left.
The three are orthogonal, so that kinetic energies add up (Jellinek and Li, Phys. Rev. Lett. 62, 241, 1989).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

#: A direction of turning with less than this part of the largest moves no atom: the axis of a linear molecule.
_LINEAR = 1e-4


@dataclass(frozen=True, eq=False)
class Motions:
    """Mass-weighted velocities, √u √(eV/u) = √eV, each of shape (M, N, 3), and the directions that vibration has.

    Attributes:
        translation, rotation, vibration: they add up to the whole.
        n_rotations: 3, or 2 of a linear molecule.
        shares: vibrational degrees of freedom of each atom, the mean over frames, shape (N,): they sum to 3N - 6.
    """

    translation: Float[np.ndarray, "M N 3"]
    rotation: Float[np.ndarray, "M N 3"]
    vibration: Float[np.ndarray, "M N 3"]
    n_rotations: int
    shares: Float[np.ndarray, "N"]


def motions(
    positions: Float[np.ndarray, "M N 3"], velocities: Float[np.ndarray, "M N 3"], masses: Float[np.ndarray, "N"]
) -> Motions:
    """Divide velocities, in ASE's unit, of atoms at positions in Å with masses in u."""
    m, n = positions.shape[:2]
    weight = masses / masses.sum()
    root = np.sqrt(masses)[:, None]
    weighted = root * velocities
    translation = np.broadcast_to(root * np.einsum("n,mnc->mc", weight, velocities)[:, None], weighted.shape)
    centred = positions - np.einsum("n,mnc->mc", weight, positions)[:, None]
    turning = np.stack([root * np.cross(axis, centred) for axis in np.eye(3)], axis=-1).reshape(m, 3 * n, 3)
    basis, size, _ = np.linalg.svd(turning, full_matrices=False)
    real = size > _LINEAR * size[:, :1]
    basis = basis * real[:, None]
    amounts = np.einsum("mdr,md->mr", basis, weighted.reshape(m, -1))
    rotation = np.einsum("mdr,mr->md", basis, amounts).reshape(m, n, 3)
    shares = 3.0 - 3 * weight - (basis**2).sum(axis=2).reshape(m, n, 3).sum(axis=2).mean(axis=0)
    n_rotations = int(np.median(real.sum(axis=1)))
    return Motions(translation, rotation, weighted - translation - rotation, n_rotations, shares)
