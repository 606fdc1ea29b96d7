"""Rigid modes: translation and rotation of a molecule as a whole, and its motion and forces without them.

In mass-weighted coordinates, √m v, translation and rotation span six directions (five for a linear molecule); vibration
is what is left. The three are orthogonal, so that kinetic energies add up (Jellinek and Li, Phys. Rev. Lett. 62, 241, 1989).

The basis in which the kernel model is solved, without masses and for tensors, is `supple.models.kernel.system.internal_basis`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

#: A rotation whose singular value is less than this part of the largest moves no atom: the axis of a linear molecule.
_LINEAR = 1e-4
#: The same for moments of inertia, which are squares ...
_LINEAR_MOMENT = 1e-6
#: ... and for the six rigid modes of a single geometry.
_DEPENDENT = 1e-6


@dataclass(frozen=True, eq=False)
class Motions:
    """Mass-weighted velocities, √u √(eV/u) = √eV, each of shape (M, N, 3), and how vibration is shared among the atoms.

    Attributes:
        translation, rotation, vibration: they add up to the whole.
        n_rotations: 3, or 2 for a linear molecule.
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
    """Split velocities into translation, rotation and vibration.

    Args:
        positions: Å, shape (M, N, 3).
        velocities: in ASE's unit, √(eV/u), shape (M, N, 3).
        masses: u, shape (N,).
    """
    m, n = positions.shape[:2]
    weight = masses / masses.sum()
    root = np.sqrt(masses)[:, None]
    weighted = root * velocities
    translation = np.broadcast_to(root * np.einsum("n,mnc->mc", weight, velocities)[:, None], weighted.shape)
    centred = positions - np.einsum("n,mnc->mc", weight, positions)[:, None]
    rotations = (root * rotation_fields(centred)).reshape(m, 3, 3 * n).transpose(0, 2, 1)
    basis, size, _ = np.linalg.svd(rotations, full_matrices=False)
    real = size > _LINEAR * size[:, :1]
    basis = basis * real[:, None]
    amounts = np.einsum("mdr,md->mr", basis, weighted.reshape(m, -1))
    rotation = np.einsum("mdr,mr->md", basis, amounts).reshape(m, n, 3)
    shares = 3.0 - 3 * weight - (basis**2).sum(axis=2).reshape(m, n, 3).sum(axis=2).mean(axis=0)
    n_rotations = int(np.median(real.sum(axis=1)))
    return Motions(translation, rotation, weighted - translation - rotation, n_rotations, shares)


def rotation_fields(centred: Float[np.ndarray, "*B N 3"]) -> Float[np.ndarray, "*B 3 N 3"]:
    """The displacements e × r of atoms at r as a molecule turns about the axes e = x, y, z; shape (..., 3, N, 3)."""
    return np.cross(np.eye(3)[:, None], centred[..., None, :, :])


def vibrational_basis(positions: Float[np.ndarray, "N 3"], masses: Float[np.ndarray, "N"]) -> Float[np.ndarray, "C V"]:
    """An orthonormal basis of the V = 3N - 6 (linear: 3N - 5) mass-weighted directions of vibration; C = 3N.

    Args:
        positions: Å, shape (N, 3).
        masses: u, shape (N,).
    """
    root = np.sqrt(masses)[:, None]
    turning = rotation_fields(positions - centre_of_mass(positions, masses))
    moving = np.broadcast_to(np.eye(3)[:, None], turning.shape)
    rigid = (root * np.stack([moving, turning], axis=1)).reshape(6, -1)
    left, singular, _ = np.linalg.svd(rigid.T, full_matrices=True)
    return left[:, int((singular > _DEPENDENT * singular[0]).sum()) :]


def without_rigid_motion(
    positions: Float[np.ndarray, "N 3"], momenta: Float[np.ndarray, "N 3"], masses: Float[np.ndarray, "N"]
) -> Float[np.ndarray, "N 3"]:
    """Momenta of a molecule whose centre of mass is at rest and whose angular momentum is zero.

    Args:
        positions: Å, shape (N, 3).
        momenta: in any unit, shape (N, 3).
        masses: u, shape (N,).
    """
    mass = masses[:, None]
    at_rest = momenta - mass * momenta.sum(axis=0) / mass.sum()
    r = positions - centre_of_mass(positions, masses)
    # ASE's ZeroRotation divides by the moment of a linear molecule about its axis
    inverse = np.linalg.pinv(_inertia(r, masses), rcond=_LINEAR_MOMENT, hermitian=True)
    angular_velocity = inverse @ np.cross(r, at_rest).sum(axis=0)
    return at_rest - mass * np.cross(angular_velocity, r)


def internal_degrees_of_freedom(positions: Float[np.ndarray, "N 3"], masses: Float[np.ndarray, "N"]) -> int:
    """3N - 6, or 3N - 5 for a linear molecule: those left when it neither translates nor rotates.

    Args:
        positions: Å, shape (N, 3).
        masses: u, shape (N,).
    """
    moments = np.linalg.eigvalsh(_inertia(positions - centre_of_mass(positions, masses), masses))
    return int(3 * len(masses) - 3 - (moments > _LINEAR_MOMENT * moments.max()).sum())


def centre_of_mass(positions: Float[np.ndarray, "N 3"], masses: Float[np.ndarray, "N"]) -> Float[np.ndarray, "3"]:
    """Σ m r / Σ m, in the unit of the positions."""
    return masses @ positions / masses.sum()


def net_torques(
    positions: Float[np.ndarray, "M N 3"], forces: Float[np.ndarray, "M N 3"]
) -> tuple[Float[np.ndarray, "M"], Float[np.ndarray, "M"]]:
    """The size of Σ (r - r̄) × F of each frame, and its root mean square if the directions of the forces were random.

    Args:
        positions: Å, shape (M, N, 3).
        forces: eV/Å, shape (M, N, 3).
    """
    arms = positions - positions.mean(axis=1, keepdims=True)
    total = np.linalg.norm(np.cross(arms, forces).sum(axis=1), axis=1)
    return total, np.sqrt(((arms**2).sum(axis=2) * (forces**2).sum(axis=2)).sum(axis=1))


def _inertia(r: Float[np.ndarray, "N 3"], masses: Float[np.ndarray, "N"]) -> Float[np.ndarray, "3 3"]:
    """The tensor of inertia about the origin."""
    outer = r[:, :, None] * r[:, None]
    return (masses[:, None, None] * ((r**2).sum(axis=1)[:, None, None] * np.eye(3) - outer)).sum(axis=0)
