"""Forecast: what a training will take, said before it starts."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

#: Python with torch and compiled loops, before any data.
PROCESS = 400 * 1024**2


@dataclass(frozen=True)
class Forecast:
    """What a training will take.

    Attributes:
        seconds: on one core of this machine; at most, where training may stop early.
        n_bytes: peak memory of its process.
    """

    seconds: float
    n_bytes: int


def shortest(work: Callable[[], object], times: int = 7) -> float:
    """Seconds that some work takes where nothing else is in its way: the shortest of several times, after one to warm up."""
    work()
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken)
