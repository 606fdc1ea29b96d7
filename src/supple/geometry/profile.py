"""The energy along a scan or a path: its minima and barriers."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from jaxtyping import Float

#: kcal/mol; a well less deep than kT at room temperature is a ripple.
_RIPPLE = 0.6


@dataclass(frozen=True, eq=False)
class Profile:
    """The lowest energy at each value of a coordinate.

    Attributes:
        name: of the coordinate, such as `C1-N7-N8-C9` or `reaction path`.
        unit: of the coordinate: `°`, or empty for the fraction of a path, from 0 to 1.
        coordinate: increasing, shape (K,).
        energies: relative to the lowest, kcal/mol, shape (K,).
    """

    name: str
    unit: str
    coordinate: Float[np.ndarray, "K"]
    energies: Float[np.ndarray, "K"]

    @property
    def minima(self) -> list[int]:
        """Indices of the minima; the ends count where the coordinate is not a full turn."""
        return _periodic_minima(self.energies) if self.closed else _minima(self.energies)

    @property
    def closed(self) -> bool:
        """Whether the coordinate is a full turn, so that both ends are one."""
        return self.unit == "°" and abs(float(self.coordinate[-1] - self.coordinate[0]) - 360) < 1e-6

    @property
    def barriers(self) -> list[int]:
        """Indices of the highest point between each minimum and the next."""
        minima = self.minima
        found = [a + int(self.energies[a : b + 1].argmax()) for a, b in pairwise(minima)]
        if self.closed and minima and minima[0] > 0:  # from the last across the end to the first
            around = [*range(minima[-1], len(self.energies)), *range(minima[0] + 1)]
            found.append(max(around, key=lambda k: float(self.energies[k])))
        return found

    @property
    def stationary_points(self) -> list[tuple[Literal["minimum", "barrier"], int]]:
        """Minima and barriers with their indices, in the order of the coordinate."""
        points: list[tuple[Literal["minimum", "barrier"], int]] = [("minimum", k) for k in self.minima]
        points += [("barrier", k) for k in self.barriers]
        return sorted(points, key=lambda point: point[1])

    def sentences(self) -> list[str]:
        """A phrase for each minimum and barrier."""
        return [f"{kind} at {self._place(k)}: {self.energies[k]:.2f} kcal/mol" for kind, k in self.stationary_points]

    def _place(self, k: int) -> str:
        value = float(self.coordinate[k])
        return f"{value:.0f}{self.unit}" if self.unit else f"{100 * value:.0f} % of the path"


def _minima(energies: Float[np.ndarray, "K"]) -> list[int]:
    from scipy.signal import find_peaks

    walled = np.concatenate([[1e9], energies, [1e9]])  # walls make minima of low ends
    peaks, _ = find_peaks(-walled, prominence=_RIPPLE)
    return [int(k) - 1 for k in peaks]


def _periodic_minima(energies: Float[np.ndarray, "K"]) -> list[int]:
    """Minima of a full turn, whose first and last point are one; searched from the highest point, so that none is cut in two."""
    from scipy.signal import find_peaks

    n = len(energies) - 1
    start = int(energies[:-1].argmax())
    rolled = np.roll(energies[:-1], -start)
    peaks, _ = find_peaks(-np.append(rolled, rolled[0]), prominence=_RIPPLE)
    found = sorted((int(k) + start) % n for k in peaks)
    return [*found, n] if 0 in found else found
