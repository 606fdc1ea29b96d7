"""A learning curve as a power law, and how many reference calculations a target error requires.

    error(N) = a N^-b        ln error is a straight line in ln N, fitted by least squares, each training (size, seed) a point

(Hestness et al., arXiv:1712.00409; for kernel models of molecules: Huang and von Lilienfeld, J. Chem. Phys. 145, 161102 (2016)).
A constant that the error would not fall below is not fitted: within the sizes of a study it cannot be distinguished from a
smaller exponent, and curves extrapolated with it are less reliable.

The number for a target is where the line reaches it; its interval contains the numbers at which the line, given its
uncertainty, may do so (Fieller's theorem). This assumes that the curve continues as a power law, which `back_test` examines.
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
class RequiredFrames:
    """How many training frames a target error requires.

    Attributes:
        n: the number.
        low, high: its interval; infinite where the curve may never reach the target, None where there are too few trainings.
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
        exponent: b, positive where the error decreases.
        log_factor: ln a.
        largest: the largest size that was fitted.
        centre, spread: mean of ln N, and sum of its squared deviations.
        variance: of ln error about the line; None with two trainings.
        n: number of trainings.
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

    def required(self, target: float) -> RequiredFrames | None:
        """How many frames are required to reach an error; None where the curve does not decrease."""
        if self.exponent <= 0:
            return None
        x = (self.log_factor - math.log(target)) / self.exponent
        low, high = self._interval(x - self.centre)
        return RequiredFrames(math.exp(min(x, 700)), low, high, math.exp(min(x, 700)) > self.largest)

    def exponent_interval(self) -> tuple[float, float] | None:
        """Interval of the exponent; None with two trainings."""
        if self.variance is None:
            return None
        off = self._quantile() * math.sqrt(self.variance / self.spread)
        return self.exponent - off, self.exponent + off

    def _quantile(self) -> float:
        return float(student.ppf(0.5 + CONFIDENCE / 2, self.n - 2))

    def _interval(self, x: float) -> tuple[float | None, float | None]:
        """Where the line may reach the target that it reaches at x (relative to the centre), by Fieller's theorem."""
        if self.variance is None:
            return None, None
        scale = self._quantile() ** 2 * self.variance
        g = scale / (self.spread * self.exponent**2)  # below 1 where the slope differs significantly from zero
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
    """What the smaller half of a curve predicts for the largest size.

    Attributes:
        up_to: largest size that was fitted.
        n_train: the largest size of the curve.
        error: the error there: the geometric mean over the trainings, as logarithms are fitted.
        predicted: the number of frames predicted for that error.
    """

    up_to: int
    n_train: int
    error: float
    predicted: float

    @property
    def relative_error(self) -> float:
        """Of the prediction."""
        return self.predicted / self.n_train - 1


def back_test(sizes: Sequence[int], errors: Sequence[float], up_to: int | None = None) -> BackTest | None:
    """Fit the sizes up to a limit (half of the largest when None), and predict where the error of the largest is reached.

    Returns:
        None where there are too few sizes to fit, or none to predict.
    """
    largest = max(sizes, default=0)
    limit = largest / 2 if up_to is None else up_to
    kept = [(n, error) for n, error in zip(sizes, errors, strict=True) if n <= limit]
    held_out = [error for n, error in zip(sizes, errors, strict=True) if n == largest and n > limit]
    law = fit([n for n, _ in kept], [error for _, error in kept])
    if law is None or not held_out or law.exponent <= 0:
        return None
    error = float(np.exp(np.mean(np.log(held_out))))
    required = law.required(error)
    return None if required is None else BackTest(max(n for n, _ in kept), largest, error, required.n)
