"""The length scale σ of least validation error.

The force error as a function of log σ is smooth with one wide minimum, which hardly moves with the number of frames: it is
found with few of them, and checked once with more.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from scipy.optimize import minimize_scalar

#: Where to look, in 1/Å times the √5 of the kernel: from a few bonds' change to nearly linear.
BOUNDS = (2.0, 300.0)
#: log σ is found to about this; the error is flat there.
_TOLERANCE = 0.2
#: The two neighbours that a refinement compares with, as factors of σ.
_STEP = 1.4


def choose_sigma(error: Callable[[float], float]) -> tuple[float, list[tuple[float, float]]]:
    """The σ of least validation error by Brent's bounded search, rounded to three digits, and all (σ, error) tried."""
    tried: list[tuple[float, float]] = []

    def at(log_sigma: float) -> float:
        sigma = float(f"{math.exp(log_sigma):.3g}")
        tried.append((sigma, error(sigma)))
        return tried[-1][1]

    minimize_scalar(at, bounds=[math.log(b) for b in BOUNDS], method="bounded", options={"xatol": _TOLERANCE})
    return min(tried, key=lambda pair: pair[1])[0], sorted(tried)


def refine_sigma(sigma: float, error: Callable[[float], float]) -> tuple[float, list[tuple[float, float]]]:
    """The lowest point of the parabola through σ and a neighbour on each side, on a logarithmic scale, and the three."""
    tried = [(s, error(s)) for s in (float(f"{factor * sigma:.3g}") for factor in (1 / _STEP, 1.0, _STEP))]
    (_, below), (_, here), (_, above) = tried
    curvature = below - 2 * here + above
    if here > min(below, above) or curvature <= 0:  # still going down there
        return min(tried, key=lambda pair: pair[1])[0], tried
    return float(f"{sigma * _STEP ** (0.5 * (below - above) / curvature):.3g}"), tried
