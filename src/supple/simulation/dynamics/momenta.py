"""Momenta of a molecule alone in space: how many it has, how they are drawn, and what temperature they mean."""

from __future__ import annotations

from typing import Any

import numpy as np
from ase import Atoms, units
from ase.md.velocitydistribution import thermalize_momenta
from jaxtyping import Float, Int

#: A moment of inertia below this part of the largest is that of a linear molecule about its axis.
_LINEAR = 1e-6


def internal_degrees_of_freedom(atoms: Atoms) -> int:
    """3N - 6, or 3N - 5 for a linear molecule: those that are left when it neither moves nor turns as a whole."""
    moments = np.asarray(atoms.get_moments_of_inertia())
    return int(3 * len(atoms) - 3 - (moments > _LINEAR * moments.max()).sum())


def draw_momenta(atoms: Atoms, kelvin: float, rng: np.random.Generator, *, whole: bool) -> None:
    """Draw momenta from the Maxwell-Boltzmann distribution.

    Args:
        atoms: get the momenta.
        kelvin: temperature.
        rng: what is drawn from.
        whole: also of the molecule as a whole; otherwise its motion and rotation are taken out, which leaves the
            distribution of the internal degrees of freedom as it was.
    """
    thermalize_momenta(atoms, temperature_K=kelvin, rng=rng)
    if not whole:
        masses = atoms.get_masses()[:, None]
        momenta = atoms.get_momenta() - masses * atoms.get_momenta().sum(axis=0) / masses.sum()
        r = atoms.positions - atoms.get_center_of_mass()
        inertia = (
            masses[:, :, None] * ((r**2).sum(axis=1)[:, None, None] * np.eye(3) - r[:, :, None] * r[:, None])
        ).sum(0)
        # ASE's ZeroRotation divides by the moment of a linear molecule about its axis
        turning = np.linalg.pinv(inertia, rcond=_LINEAR, hermitian=True) @ np.cross(r, momenta).sum(axis=0)
        atoms.set_momenta(momenta - masses * np.cross(turning, r))


def temperatures(
    kinetic_energies: Float[np.ndarray, "B"], degrees_of_freedom: Int[np.ndarray, "B"]
) -> Float[np.ndarray, "B"]:
    """K, of kinetic energies in eV."""
    return 2 * kinetic_energies / (np.maximum(degrees_of_freedom, 1) * units.kB)


def first_state(
    numbers: Int[np.ndarray, "N"],
    positions: Float[np.ndarray, "N 3"],
    kelvin: float,
    rng: np.random.Generator,
    *,
    whole: bool,
) -> dict[str, Any]:
    """A molecule with momenta drawn: what an engine begins from.

    Args:
        numbers: atomic numbers.
        positions: Å; its centre of mass is taken to the origin.
        kelvin: temperature.
        rng: what is drawn from, and goes on with the state.
        whole: as in `draw_momenta`.
    """
    atoms = Atoms(numbers, positions)
    atoms.positions -= atoms.get_center_of_mass()
    draw_momenta(atoms, kelvin, rng, whole=whole)
    return {
        "positions": atoms.positions,
        "momenta": atoms.get_momenta(),
        "rng": rng.bit_generator.state,
        "degrees_of_freedom": 3 * len(atoms) if whole else internal_degrees_of_freedom(atoms),
    }
