"""Which energies a molecule has at a temperature."""

from __future__ import annotations

import numpy as np
from ase import units
from jaxtyping import Bool, Float

#: How much higher than thermal energies a barrier may be to be of interest, in kT.
BARRIER = 10.0


def within_reach(
    energies: Float[np.ndarray, "M"], n_atoms: int, temperature: float, lowest: float, barrier: float = 0.0
) -> Bool[np.ndarray, "M"]:
    """Which energies vibrations at a temperature explain, on top of a barrier or not: up to three standard deviations above their mean.

    Args:
        energies: of geometries, eV.
        n_atoms: of the molecule.
        temperature: K.
        lowest: energy of the lowest minimum, or of the lowest geometry that is known, eV.
        barrier: kT.
    """
    above = (energies - lowest) / (units.kB * temperature)
    half = (3 * n_atoms - 6) / 2  # mean and variance of the potential energy of harmonic vibrations, in kT
    return np.asarray(above <= half + 3 * np.sqrt(half) + barrier)
