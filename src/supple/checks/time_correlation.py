"""Trajectories: frames that follow each other in time are alike, and a random split then tests what it has trained."""

from __future__ import annotations

import numpy as np

from supple.checks.context import CheckContext
from supple.checks.findings import Finding

#: Neighbours that are nearer to each other than this part of the distance of random pairs are correlated.
_ALIKE = 0.7


def correlated_frames(context: CheckContext) -> list[Finding]:
    """`correlated-frames`: frames are more like their neighbours in the file than like others."""
    n = len(context.dataset)
    if n < 50:
        return []
    distances = context.distances
    rng = np.random.default_rng(0)
    start = np.unique(rng.integers(0, n - 1, 2000))
    other = rng.integers(0, n, len(start))
    apart = other != start
    random = float(np.median(np.abs(distances[start] - distances[other]).mean(axis=1)[apart]))

    def part(lag: int) -> float:
        first = start[start < n - lag]
        return float(np.median(np.abs(distances[first + lag] - distances[first]).mean(axis=1))) / random

    if random == 0 or part(1) > _ALIKE:
        return []
    lag = 1
    while lag < n // 4 and part(lag) < 0.9:
        lag *= 2
    blocks = int(np.clip(n // (4 * lag), 5, 20))
    return [
        Finding(
            "correlated-frames",
            "warning",
            f"the frames are a trajectory: neighbours differ by {100 * part(1):.0f}% of what random pairs differ by"
            + (f", and it takes some {lag} frames until they are strangers" if lag > 1 else "")
            + "; test frames drawn at random lie between training frames, and flatter the error",
            f"draw test frames from whole blocks (--blocks {blocks}), or test on another trajectory",
        )
    ]
