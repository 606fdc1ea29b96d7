"""Energy drift: the slope of what should be conserved, per atom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

#: Points of the fit: means over stretches of time, so that oscillations do not pretend to be independent.
_POINTS = 20


@dataclass(frozen=True, eq=False)
class Drift:
    """Of one trajectory.

    Attributes:
        name: of the file.
        slope: meV per atom and ps.
        error: its standard error.
        fluctuation: meV per atom; the standard deviation about the line.
        times: fs, shape (M,).
        energies: meV per atom above the first, shape (M,).
    """

    name: str
    slope: float
    error: float
    fluctuation: float
    times: Float[np.ndarray, "M"]
    energies: Float[np.ndarray, "M"]


def drift(name: str, times: Float[np.ndarray, "M"], conserved: Float[np.ndarray, "M"], n_atoms: int) -> Drift:
    """The line of least squares through means over twenty stretches.

    Args:
        name: of the trajectory.
        times: fs, shape (M,); three at least, and not all the same.
        conserved: eV, shape (M,).
        n_atoms: of the molecule.
    """
    from scipy.stats import linregress

    energies = 1e3 * (conserved - conserved[0]) / n_atoms
    parts = np.array_split(np.arange(len(times)), min(_POINTS, len(times)))
    line = linregress([times[p].mean() / 1e3 for p in parts], [energies[p].mean() for p in parts])
    rest = energies - line.intercept - line.slope * times / 1e3
    return Drift(name, float(line.slope), float(line.stderr), float(rest.std()), times, energies)
