"""Bins of a torsion: over its period, or over half of it where angles of either sign are equivalent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

#: Width of a bin, degrees; a range counts from this many bins.
_BIN, _LEAST = 10.0, 2
#: An empty range of a circle this many times wider than the next one is where the molecule never goes.
_WIDER = 1.5

#: The first bin of a range, and that after the last; on a circle it may pass the end.
Arc = tuple[int, int]


@dataclass(frozen=True)
class TorsionBins:
    """Bins of a torsion.

    Attributes:
        period: of the torsion, degrees.
        mirrored: whether the bins are of the absolute value; otherwise they are a circle.
    """

    period: float
    mirrored: bool

    @property
    def count(self) -> int:
        """Their number."""
        return round(self.period / _BIN / (2 if self.mirrored else 1))

    def of(self, angles: Float[np.ndarray, "M"]) -> Int[np.ndarray, "M"]:
        """The bin of each angle."""
        if self.mirrored:
            return np.minimum((np.abs(angles) / (self.period / 2) * self.count).astype(int), self.count - 1)
        return ((angles + self.period / 2) / self.period * self.count).astype(int) % self.count

    def gaps(self, empty: Bool[np.ndarray, "B"]) -> list[Arc]:
        """The empty ranges between covered ones; on a circle all but the widest, where the molecule never goes, if it is that."""
        if self.mirrored:
            return self.inner(empty, ~empty)
        arcs = self._arcs(empty)
        if len(arcs) < 2:
            return []
        *_, next_widest, widest = sorted(arcs, key=lambda arc: arc[1] - arc[0])
        never = widest[1] - widest[0] > _WIDER * (next_widest[1] - next_widest[0])
        return [arc for arc in arcs if not (never and arc == widest)]

    def inner(self, marked: Bool[np.ndarray, "B"], outside: Bool[np.ndarray, "B"]) -> list[Arc]:
        """The marked ranges whose neighbours on both sides are bins of `outside`."""
        arcs = self._arcs(marked)
        if self.mirrored:
            arcs = [arc for arc in arcs if arc[0] > 0 and arc[1] < self.count]
        return [arc for arc in arcs if outside[(arc[0] - 1) % self.count] and outside[arc[1] % self.count]]

    def covered(self, angles: Float[np.ndarray, "M"]) -> str:
        """The range that angles cover, in words."""
        empty = np.bincount(self.of(angles), minlength=self.count) == 0
        arcs = self._arcs(empty)
        if not arcs:
            return "the full circle" if self.period == 360 else f"the full period of {self.period:.0f}°"
        if not self.mirrored:
            first, last = max(arcs, key=lambda arc: arc[1] - arc[0])
            return self.degrees(last, first + self.count)
        # from the first covered bin to the last, unless what is outside is too narrow to count
        low = next((last for first, last in arcs if first == 0), 0)
        high = next((first for first, last in arcs if last == self.count), self.count)
        if low == 0 and high == self.count:
            return "the full circle" if self.period == 360 else f"the full period of {self.period:.0f}°"
        if low == 0:
            return f"{-self._angle(high):.0f} to {self._angle(high):.0f}°"
        if high == self.count:
            return f"{self._angle(low):.0f} through {self.period / 2:.0f} to {-self._angle(low):.0f}°"
        return self.degrees(low, high)

    def degrees(self, first: int, last: int) -> str:
        """The range from one bin to before another, in words."""
        start, end = self._angle(first), self._angle(last)
        if self.mirrored:
            return f"±{start:.0f} to ±{end:.0f}°"
        while start >= self.period / 2:
            start, end = start - self.period, end - self.period
        if end > self.period / 2:
            return f"{start:.0f} through {self.period / 2:.0f} to {end - self.period:.0f}°"
        return f"{start:.0f} to {end:.0f}°"

    def _angle(self, k: int) -> float:
        """The lower edge of a bin."""
        if self.mirrored:
            return k * self.period / 2 / self.count
        return k * self.period / self.count - self.period / 2

    def _arcs(self, marked: Bool[np.ndarray, "B"]) -> list[Arc]:
        """Runs of marked bins that are long enough; those of a circle may pass its end."""
        if marked.all() or not marked.any():
            return []
        start = 0 if self.mirrored else int(np.flatnonzero(~marked)[0])
        # beyond the last bin nothing is marked, so that the last run ends
        around = [*np.roll(marked, -start), False]
        arcs, first = [], None
        for k, one in enumerate(around, start=start):
            if one and first is None:
                first = k
            elif not one and first is not None:
                if k - first >= _LEAST:
                    arcs.append((first, k))
                first = None
        return arcs
