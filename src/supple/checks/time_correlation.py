"""Trajectories: successive frames are alike, and with a random split test frames lie between training frames."""

from __future__ import annotations

import numpy as np

from supple.checks.check import Check
from supple.checks.context import CheckContext
from supple.checks.findings import Finding

#: Neighbours that differ by less than this part of what random pairs differ by are correlated ...
_CORRELATED = 0.7
#: ... and frames as far apart in time as makes them differ by this part are not.
_DECORRELATED = 0.9


def _correlated_frames(context: CheckContext) -> list[Finding]:
    """`correlated-frames`: frames are more like their neighbours in the file than like others."""
    n = len(context.dataset)
    if n < 50:
        return []
    distances = context.distances
    rng = np.random.default_rng(0)
    start = np.unique(rng.integers(0, n - 1, 2000))
    other = rng.integers(0, n, len(start))
    different = other != start
    random = float(np.median(np.abs(distances[start] - distances[other]).mean(axis=1)[different]))

    def difference(lag: int) -> float:
        first = start[start < n - lag]
        return float(np.median(np.abs(distances[first + lag] - distances[first]).mean(axis=1))) / random

    if random == 0 or difference(1) > _CORRELATED:
        return []
    lag = 1
    while lag < n // 4 and difference(lag) < _DECORRELATED:
        lag *= 2
    blocks = int(np.clip(n // (4 * lag), 5, 20))
    return [
        Finding(
            "correlated-frames",
            "warning",
            f"the frames are a trajectory: successive frames differ only {100 * difference(1):.0f} % as much as random pairs"
            + (f", and frames decorrelate after about {lag}" if lag > 1 else "")
            + "; with random test frames, test errors look smaller than they are",
            f"take test frames from whole blocks (--blocks {blocks}), or test on another trajectory",
        )
    ]


CORRELATED_FRAMES = Check(("correlated-frames",), _correlated_frames, before_training=False)
