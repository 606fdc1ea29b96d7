"""The speed of a run, and its remaining time."""

from __future__ import annotations

import time


class StepTimer:
    """Counts the time steps of this process."""

    def __init__(self) -> None:
        self.steps = 0
        self._started = time.perf_counter()

    def rate(self) -> float | None:
        """Steps per second so far; None before the first."""
        return self.steps / max(time.perf_counter() - self._started, 1e-9) if self.steps else None

    def remaining(self, steps: int) -> str:
        """The time that `steps` steps take, as `2:05:10`, or `5:10` below an hour."""
        minutes, seconds = divmod(round(steps / (self.rate() or 1e-9)), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
