"""A learning curve as a power law, and how many calculations a target error takes.

    error(N) = a N^-b        ln error is a straight line in ln N, fitted by least squares, each training (size, seed) a point

(Hestness et al., arXiv:1712.00409; for kernel models of molecules: Huang and von Lilienfeld, J. Chem. Phys. 145, 161102 (2016)).
A constant that the error would not fall below is not fitted: within the sizes of a study it cannot be told from a smaller
exponent, and curves extrapolated with it are less reliable.

The number for a target is where the line meets it; its interval holds the numbers at which the line, with its uncertainty, may do so
(Fieller's theorem). That is the uncertainty if the curve goes on as a power law; whether it does, `back_test` shows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

#: Probability of the intervals.
CONFIDENCE = 0.9


@dataclass(frozen=True)
class Needed:
    """How many training frames a target error takes.

    Attributes:
        n: the number.
        low, high: interval of it; infinite where the curve may never get there, None where there are too few trainings to tell.
        extrapolated: whether it lies beyond the sizes of the curve.
    """

    n: float
    low: float | None
    high: float | None
    extrapolated: bool


@dataclass(frozen=True)
class PowerLaw:
    """A fitted learning curve.

    Attributes:
        exponent: b, positive where the error falls.
        log_factor: ln a.
        largest: size of the training set up to which the curve was fitted.
        centre, spread: mean of ln N, and sum of the squares of what ln N is off it.
        variance: of ln error about the line; None with two trainings.
        n: trainings.
    """

    exponent: float
    log_factor: float
    largest: int
    centre: float
    spread: float
    variance: float | None
    n: int

    def error(self, n_train: float) -> float:
        """The error at a size, in the unit of the fitted ones."""
        return math.exp(self.log_factor - self.exponent * math.log(n_train))

    def needed(self, target: float) -> Needed | None:
        """How many frames it takes to reach an error; None where the curve does not fall."""
        if self.exponent <= 0:
            return None
        x = (self.log_factor - math.log(target)) / self.exponent
        low, high = self._interval(x - self.centre)
        return Needed(math.exp(min(x, 700)), low, high, math.exp(min(x, 700)) > self.largest)

    def exponent_interval(self) -> tuple[float, float] | None:
        """Interval of the exponent; None with two trainings."""
        if self.variance is None:
            return None
        off = self._quantile() * math.sqrt(self.variance / self.spread)
        return self.exponent - off, self.exponent + off

    def _quantile(self) -> float:
        return float(student.ppf(0.5 + CONFIDENCE / 2, self.n - 2))

    def _interval(self, x: float) -> tuple[float | None, float | None]:
        """Where the line may meet the target that it meets at x (from the centre): by Fieller's theorem."""
        if self.variance is None:
            return None, None
        scale = self._quantile() ** 2 * self.variance
        g = scale / (self.spread * self.exponent**2)  # below 1 where the slope is known to differ from zero
        if g >= 1:
            return 0.0, math.inf
        root = math.sqrt(scale * ((1 - g) / self.n + x**2 / self.spread)) / self.exponent
        low, high = (self.centre + (x + sign * root) / (1 - g) for sign in (-1, 1))
        return math.exp(low), math.exp(min(high, 700))


def fit(sizes: Sequence[int], errors: Sequence[float]) -> PowerLaw | None:
    """The power law through errors of trainings.

    Args:
        sizes: of the training sets.
        errors: positive, one for each.

    Returns:
        None with fewer than two sizes.
    """
    good = [(n, error) for n, error in zip(sizes, errors, strict=True) if error > 0 and math.isfinite(error)]
    if len({n for n, _ in good}) < 2:
        return None
    x, y = np.log(np.array(good, dtype=np.float64)).T
    centre, spread = float(x.mean()), float(((x - x.mean()) ** 2).sum())
    slope = float(((x - centre) * y).sum() / spread)
    residual = y - y.mean() - slope * (x - centre)
    variance = float(residual @ residual) / (len(x) - 2) if len(x) > 2 else None
    return PowerLaw(-slope, float(y.mean()) - slope * centre, max(n for n, _ in good), centre, spread, variance, len(x))


@dataclass(frozen=True)
class BackTest:
    """What the smaller half of a curve would have said of the largest size.

    Attributes:
        up_to: largest size that was fitted.
        n_train: the largest size of the curve.
        error: the error there: the geometric mean over the trainings, which is what a fit of logarithms speaks of.
        predicted: the number of frames that was predicted for that error.
    """

    up_to: int
    n_train: int
    error: float
    predicted: float

    @property
    def off(self) -> float:
        """Relative error of the prediction."""
        return self.predicted / self.n_train - 1


def back_test(sizes: Sequence[int], errors: Sequence[float], up_to: int | None = None) -> BackTest | None:
    """Fit the sizes up to a number (half of the largest if left out), and predict where the largest one's error is reached.

    Returns:
        None where too few sizes are left to fit, or nothing is left to predict.
    """
    largest = max(sizes, default=0)
    limit = largest / 2 if up_to is None else up_to
    kept = [(n, error) for n, error in zip(sizes, errors, strict=True) if n <= limit]
    held_out = [error for n, error in zip(sizes, errors, strict=True) if n == largest and n > limit]
    law = fit([n for n, _ in kept], [error for _, error in kept])
    if law is None or not held_out or law.exponent <= 0:
        return None
    error = float(np.exp(np.mean(np.log(held_out))))
    needed = law.needed(error)
    return None if needed is None else BackTest(max(n for n, _ in kept), largest, error, needed.n)
