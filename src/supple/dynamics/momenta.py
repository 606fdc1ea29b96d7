"""Momenta of a molecule alone in space: how many it has, how they are drawn, and what temperature they mean."""

from __future__ import annotations

import numpy as np
from ase import Atoms, units
from ase.md.velocitydistribution import Stationary, ZeroRotation, thermalize_momenta

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
        Stationary(atoms, preserve_temperature=False)
        ZeroRotation(atoms, preserve_temperature=False)


def temperature(kinetic_energy: float, degrees_of_freedom: int) -> float:
    """K, of a kinetic energy in eV."""
    return 2 * kinetic_energy / (max(degrees_of_freedom, 1) * units.kB)
