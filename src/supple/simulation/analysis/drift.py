"""Energy drift: the slope of the conserved energy, per atom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from supple.runtime.rounding import rounded

#: Points of the fit: means over stretches of time, because fluctuations are correlated from frame to frame.
_POINTS = 20
#: Drifts up to this (meV/atom/ps) are negligible; larger ones must exceed this many standard errors to be significant.
_NEGLIGIBLE, _SIGNIFICANT = 1.0, 3.0


@dataclass(frozen=True, eq=False)
class Drift:
    """Of one trajectory.

    Attributes:
        name: name of the file.
        slope: meV/atom/ps.
        error: standard error of the slope.
        fluctuation: standard deviation about the line, meV per atom.
        times: fs, shape (M,).
        energies: relative to the first, meV per atom, shape (M,).
    """

    name: str
    slope: float
    error: float
    fluctuation: float
    times: Float[np.ndarray, "M"]
    energies: Float[np.ndarray, "M"]

    def sentence(self) -> str:
        """Whether the energy is conserved."""
        sentence = (
            f"The energy of {self.name} drifts by {rounded(self.slope, 2)} ± {rounded(self.error, 1)} meV/atom/ps"
        )
        if abs(self.slope) <= _NEGLIGIBLE:
            return f"{sentence}, which is negligible."
        if abs(self.slope) < _SIGNIFICANT * self.error:
            return f"{sentence}, which may be zero; a longer run is needed."
        return f"{sentence}; with a good force field and time step it is below {_NEGLIGIBLE:g}."


def drift(name: str, times: Float[np.ndarray, "M"], conserved: Float[np.ndarray, "M"], n_atoms: int) -> Drift:
    """The least-squares line through means over twenty stretches.

    Args:
        name: name of the file.
        times: fs, shape (M,); at least three, and not all equal.
        conserved: eV, shape (M,).
        n_atoms: number of atoms.
    """
    from scipy.stats import linregress

    energies = 1e3 * (conserved - conserved[0]) / n_atoms
    parts = np.array_split(np.arange(len(times)), min(_POINTS, len(times)))
    line = linregress([times[p].mean() / 1e3 for p in parts], [energies[p].mean() for p in parts])
    residuals = energies - line.intercept - line.slope * times / 1e3
    return Drift(name, float(line.slope), float(line.stderr), float(residuals.std()), times, energies)
