"""How fast a run goes, and how long it still takes."""

from __future__ import annotations

import time


class Clock:
    """Counts the steps of this process, which begins at a step of the run."""

    def __init__(self, first: int) -> None:
        self._first = first
        self._began = time.perf_counter()

    def rate(self, step: int) -> float:
        """Steps per second so far."""
        return (step - self._first) / max(time.perf_counter() - self._began, 1e-9)

    def left(self, step: int, steps: int) -> str:
        """How long the rest takes, as `2:05:10`, or `5:10` below an hour."""
        minutes, seconds = divmod(round((steps - step) / max(self.rate(step), 1e-9)), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
