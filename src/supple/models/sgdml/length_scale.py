"""The length scale σ of least validation error.

The force error as a function of log σ is smooth with one minimum. The more frames there are, the smaller the best σ: a wide
kernel is regularised more by the same λ, which many frames do not need. Over a small range of sizes the best σ goes like a
power of their number (azobenzene: 70 at 45 frames, 40 at 150, 25 at 400), so that it is found with few frames, refined with
some more, and continued to all.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize_scalar

#: Where to look, in 1/Å times the √5 of the kernel: from a few bonds' change to nearly linear.
BOUNDS = (2.0, 300.0)
#: log σ is found to about this; the error is flat there.
_TOLERANCE = 0.2
#: Where a refinement looks, as factors of σ: downwards mostly.
_NEAR = (0.4, 0.63, 1.0, 1.6)
#: How the best σ may go with the number of frames.
_EXPONENTS = (-0.5, 0.0)


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
    """The lowest point of the parabola through the errors around σ, on a logarithmic scale, and what was tried."""
    tried = [(s, error(s)) for s in (float(f"{factor * sigma:.3g}") for factor in _NEAR)]
    curvature, slope, _ = np.polyfit([math.log(s / sigma) for s, _ in tried], [e for _, e in tried], 2)
    lowest, highest = (math.log(factor) for factor in (_NEAR[0], _NEAR[-1]))
    if curvature <= 0:
        return min(tried, key=lambda pair: pair[1])[0], tried
    return sigma * math.exp(min(max(-slope / (2 * curvature), lowest), highest)), tried


def continued_sigma(few: tuple[int, float], some: tuple[int, float], size: int) -> float:
    """The power law through the best σ of two numbers of frames, at a third one; three digits."""
    exponent = math.log(some[1] / few[1]) / math.log(some[0] / few[0])
    exponent = min(max(exponent, _EXPONENTS[0]), _EXPONENTS[1])
    return float(f"{some[1] * (size / some[0]) ** exponent:.3g}")
