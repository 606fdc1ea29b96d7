"""Which energies a molecule has at a temperature."""

from __future__ import annotations

import numpy as np
from ase import units
from jaxtyping import Bool, Float

from supple.data.dataset import Dataset

#: How much higher than thermal energies a barrier may be to be of interest, in kT.
_REACH = 10.0


def within_reach(frames: Dataset, temperature: float) -> Bool[np.ndarray, "M"]:
    """Which frames have an energy that vibrations at a temperature, and a barrier on top of them, explain."""
    above: Float[np.ndarray, "M"] = (frames.energies - np.nanmin(frames.energies)) / (units.kB * temperature)
    half = (3 * frames.n_atoms - 6) / 2  # mean and variance of the potential energy of harmonic vibrations, in kT
    return above <= half + 3 * np.sqrt(half) + _REACH
