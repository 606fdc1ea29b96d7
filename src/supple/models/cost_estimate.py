"""CostEstimate: the time and memory that a training will take, before it starts."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

#: Memory of Python with torch and compiled loops, before any data.
PROCESS_BYTES = 400 * 1024**2


@dataclass(frozen=True)
class CostEstimate:
    """The time and memory that a training will take.

    Attributes:
        seconds: on one core of this machine; an upper bound where training may stop early.
        n_bytes: peak memory of its process.
        serial_seconds: those of the seconds that further cores do not shorten.
    """

    seconds: float
    n_bytes: int
    serial_seconds: float = 0.0

    def seconds_on(self, n_cores: int) -> float:
        """The seconds on several cores."""
        return self.serial_seconds + (self.seconds - self.serial_seconds) / n_cores


def fastest(work: Callable[[], object], times: int = 7) -> float:
    """The shortest time (s) that some work takes in several repetitions, after one to warm up."""
    work()
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken)
