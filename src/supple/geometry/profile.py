"""The energy along a scan or a path: minima and barriers, in words and as a figure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int

from supple.data.dataset import Dataset
from supple.data.units import ENERGY

if TYPE_CHECKING:
    from matplotlib.ticker import MultipleLocator

#: kcal/mol; a valley that is less deep than kT at room temperature is a ripple.
_RIPPLE = 0.6


@dataclass(frozen=True)
class Profile:
    """The lowest energy at each value of a coordinate.

    Attributes:
        name: of the coordinate, `C1-N7-N8-C9` say.
        unit: of the coordinate: `°`, or nothing for a path.
        coordinate: increasing, shape (K,).
        energies: above the lowest, kcal/mol, shape (K,).
    """

    name: str
    unit: str
    coordinate: Float[np.ndarray, "K"]
    energies: Float[np.ndarray, "K"]

    @property
    def minima(self) -> list[int]:
        """Places of the minima; ends included, where the coordinate does not close to a circle."""
        return _valleys_round(self.energies) if self.closed else _valleys(self.energies)

    @property
    def closed(self) -> bool:
        """Whether it is of a whole turn, so that both ends are one."""
        return self.unit == "°" and abs(float(self.coordinate[-1] - self.coordinate[0]) - 360) < 1e-6

    @property
    def barriers(self) -> list[int]:
        """The highest place between each minimum and the next."""
        minima = self.minima
        found = [a + int(self.energies[a : b + 1].argmax()) for a, b in pairwise(minima)]
        if self.closed and minima and minima[0] > 0:  # from the last over the end to the first
            around = [*range(minima[-1], len(self.energies)), *range(minima[0] + 1)]
            found.append(max(around, key=lambda k: float(self.energies[k])))
        return found

    def sentences(self) -> list[str]:
        """Minima and barriers in words."""
        return [f"{what} at {self._place(k)}: {self.energies[k]:.2f} kcal/mol" for what, k in self._marks()]

    def _marks(self) -> list[tuple[str, int]]:
        marks = [("minimum", k) for k in self.minima] + [("barrier", k) for k in self.barriers]
        return sorted(marks, key=lambda mark: mark[1])

    def _place(self, k: int) -> str:
        value = float(self.coordinate[k])
        return f"{value:.0f}{self.unit}" if self.unit else f"{value:.2f} of the way"

    def save_figure(self, path: Path) -> None:
        """Draw it, minima and barriers marked."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=(6.4, 4.0), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        axes.plot(self.coordinate, self.energies, "-o", color="#1f5fa8", markersize=3.5, linewidth=1.4)
        for what, k in self._marks():
            colour, side = ("#1b7f3b", -1) if what == "minimum" else ("#b3261e", 1)
            axes.plot(self.coordinate[k], self.energies[k], "o", color=colour, markersize=7)
            axes.annotate(
                f"{self.energies[k]:.1f}",
                (self.coordinate[k], self.energies[k]),
                xytext=(0, 9 * side),
                textcoords="offset points",
                ha="center",
                va="bottom" if side > 0 else "top",
                color=colour,
            )
        axes.margins(y=0.13)
        axes.set_xlabel(f"{self.name} / {self.unit}" if self.unit else self.name)
        axes.set_ylabel("energy / kcal/mol")
        if self.unit:
            axes.xaxis.set_major_locator(_every(self.coordinate))
        for edge in ("top", "right"):
            axes.spines[edge].set_visible(False)
        figure.savefig(path, dpi=150)


def profiles(dataset: Dataset) -> list[Profile]:
    """Of every scan and path among the frames that has no dynamics about its points."""
    coordinate = dataset.extras.get("coordinate")
    if coordinate is None:
        return []
    origins = np.array([_line_of(origin) for origin in dataset.extras["origin"].astype(str)])
    made = []
    for line in dict.fromkeys(origins):
        frames = np.flatnonzero((origins == line) & np.isfinite(coordinate))
        values = np.unique(np.round(coordinate[frames], 6))
        if len(values) < 3 or _has_bursts(dataset, frames):
            continue
        lowest = np.array(
            [dataset.energies[frames][np.round(coordinate[frames], 6) == value].min() for value in values]
        )
        kind, _, name = line.partition("_")
        along = f"along the {line.replace('_', ' ')}"
        above = (lowest - lowest.min()) / ENERGY["kcal/mol"]
        made.append(
            Profile(along if kind == "path" else name.partition("_")[0], "" if kind == "path" else "°", values, above)
        )
    return made


def _has_bursts(dataset: Dataset, frames: Int[np.ndarray, "F"]) -> bool:
    """Whether a segment has more than one frame at a point, but for one that settles a scan."""
    origins, coordinate = dataset.extras["origin"][frames].astype(str), dataset.extras["coordinate"][frames]
    seen = [(origin, value) for origin, value in zip(origins, coordinate, strict=True) if not _settles(origin)]
    return len(set(seen)) < len(seen)


def _settles(origin: str) -> bool:
    return origin.endswith("_settled")


def _line_of(origin: str) -> str:
    return origin.removesuffix("_there").removesuffix("_back").removesuffix("_settled")


def _valleys(energies: Float[np.ndarray, "K"]) -> list[int]:
    from scipy.signal import find_peaks

    walled = np.concatenate([[np.inf], energies, [np.inf]])
    # a plateau of infinity at both ends makes valleys of the ends
    peaks, _ = find_peaks(-np.where(np.isinf(walled), 1e9, walled), prominence=_RIPPLE)
    return [int(k) - 1 for k in peaks]


def _valleys_round(energies: Float[np.ndarray, "K"]) -> list[int]:
    """Of a circle whose first and last place are one; seen from its highest place, so that no valley is cut in two."""
    from scipy.signal import find_peaks

    n = len(energies) - 1
    start = int(energies[:-1].argmax())
    rolled = np.roll(energies[:-1], -start)
    peaks, _ = find_peaks(-np.append(rolled, rolled[0]), prominence=_RIPPLE)
    found = sorted((int(k) + start) % n for k in peaks)
    return [*found, n] if 0 in found else found


def _every(values: Float[np.ndarray, "K"]) -> MultipleLocator:
    from matplotlib.ticker import MultipleLocator

    span = float(values[-1] - values[0])
    return MultipleLocator(60.0 if span > 200 else 30.0 if span > 90 else 10.0)
