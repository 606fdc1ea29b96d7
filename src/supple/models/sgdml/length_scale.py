"""The length scale σ of lowest validation error.

The force error is a smooth function of log σ with one minimum. The best σ decreases with the number of frames: the same λ
regularises a wide kernel more, which many frames do not need. Over a small range of sizes the best σ follows a power law
(azobenzene: 70 at 45 frames, 40 at 150, 25 at 400), so it is found with few frames, refined with some more, and extrapolated
to all.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize_scalar

#: The range of the search, in 1/Å times the √5 of the kernel: from the change of a few bonds to nearly linear.
BOUNDS = (2.0, 300.0)
#: Tolerance of log σ; the error is flat there.
_TOLERANCE = 0.2
#: Values of a refinement, as factors of σ: mostly smaller ones.
_FACTORS = (0.4, 0.63, 1.0, 1.6)
#: Bounds of the exponent of the power law.
_EXPONENTS = (-0.5, 0.0)


def choose_sigma(error: Callable[[float], float]) -> tuple[float, list[tuple[float, float]]]:
    """The σ of lowest validation error by Brent's bounded search, to three digits, and all (σ, error) that were computed."""
    curve: list[tuple[float, float]] = []

    def at(log_sigma: float) -> float:
        sigma = float(f"{math.exp(log_sigma):.3g}")
        curve.append((sigma, error(sigma)))
        return curve[-1][1]

    minimize_scalar(at, bounds=[math.log(b) for b in BOUNDS], method="bounded", options={"xatol": _TOLERANCE})
    return min(curve, key=lambda pair: pair[1])[0], sorted(curve)


def refine_sigma(sigma: float, error: Callable[[float], float]) -> tuple[float, list[tuple[float, float]]]:
    """The lowest point of the parabola through the errors around σ, on a logarithmic scale, and all (σ, error) that were computed."""
    curve = [(s, error(s)) for s in (float(f"{factor * sigma:.3g}") for factor in _FACTORS)]
    curvature, slope, _ = np.polyfit([math.log(s / sigma) for s, _ in curve], [e for _, e in curve], 2)
    lowest, highest = (math.log(factor) for factor in (_FACTORS[0], _FACTORS[-1]))
    if curvature <= 0:
        return min(curve, key=lambda pair: pair[1])[0], curve
    return sigma * math.exp(min(max(-slope / (2 * curvature), lowest), highest)), curve


def extrapolate_sigma(small: tuple[int, float], larger: tuple[int, float], size: int) -> float:
    """The power law through the best σ at two numbers of frames, given as (frames, σ), at a third one; to three digits."""
    exponent = math.log(larger[1] / small[1]) / math.log(larger[0] / small[0])
    exponent = min(max(exponent, _EXPONENTS[0]), _EXPONENTS[1])
    return float(f"{larger[1] * (size / larger[0]) ** exponent:.3g}")
