"""The length scale σ, chosen on validation frames.

The force error as a function of log σ is smooth with one wide minimum, and hardly moves with the number of frames. So it
is searched on the first frames of the training set, as many as keep one solution near a second.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from scipy.optimize import minimize_scalar

#: Where to look, in 1/Å times the √5 of the kernel: from a few bonds' change to nearly linear.
BOUNDS = (2.0, 300.0)
#: Rows of the matrix of the search: one solution takes a second or two.
ROWS = 5000
#: log σ is found to about this; the error is flat there.
_TOLERANCE = 0.1


def choose_sigma(error: Callable[[float], float]) -> tuple[float, list[tuple[float, float]]]:
    """The σ of least validation error by Brent's bounded search, rounded to three digits, and all (σ, error) tried."""
    tried: list[tuple[float, float]] = []

    def at(log_sigma: float) -> float:
        sigma = float(f"{math.exp(log_sigma):.3g}")
        tried.append((sigma, error(sigma)))
        return tried[-1][1]

    minimize_scalar(at, bounds=[math.log(b) for b in BOUNDS], method="bounded", options={"xatol": _TOLERANCE})
    return min(tried, key=lambda pair: pair[1])[0], sorted(tried)
