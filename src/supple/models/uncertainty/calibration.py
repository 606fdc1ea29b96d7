"""Calibration: from novelty to the standard deviation of an error, by the errors of frames that the fit has not used.

With novelty s of an atom in group g (atoms that are equal by symmetry), relative to the typical one of its group, and the largest one of the
geometry, which tells of errors that reach further than the atoms where they arise,

    n_i = s_i/s_g + w max_j s_j/s_g(j)             log σ² = a_g + b (log n - r)

with b ≥ 0, up to where other slopes begin. a and b follow from the likelihood of the errors. Errors of force fields have heavier tails than a normal distribution, and a
few large ones must not decide how σ grows with s: the likelihood is that of Student's t with 4 degrees of freedom. Then all a_g are
shifted by one number, so that the mean of (error/σ)² is 1 and σ is a standard deviation. In a Gaussian process b is 1, which is the
prior: it matters where there are few frames.

Among frames like the training frames novelty varies little, and much of that is chance, which makes b too small for what lies further
away. Beyond the reach of the calibration the slope is at least that of a Gaussian process, 1. An energy is the integral of forces over
the way from the training frames, so that its variance grows as that of the forces times the square of the way, which grows with novelty
itself: the slope is 2 there, until three e-folds further the way does not grow any more.

Intervals are q·σ, with quantiles q of |error|/σ of the same frames: conformal intervals (Angelopoulos and Bates, arXiv:2107.07511,
section 2.3). The quantile of a hundred energies is uncertain by 5 points of coverage, so it is drawn towards that of the t
distribution of best fit, as if that were known from 300 errors. That σ is itself known from a few errors makes it and the intervals
wider, as Student's t is wider than a normal distribution.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np
from jaxtyping import Float, Int
from pydantic import BaseModel, ConfigDict, Field, model_validator

from supple.runtime.validation import Count, NonNegative, Positive

#: Of Student's t in the likelihood.
_DEGREES_OF_FREEDOM = 4.0
#: Those among which the distribution of |error|/σ is sought.
_SHAPES = (2.5, 3.0, 4.0, 5.0, 7.0, 10.0, 20.0, 100.0)
#: Strength of the priors: of b about 1, and of a_g about their mean, in units of one observation.
_PRIOR = 3.0
#: How many errors the fitted distribution counts for in a quantile.
_SHAPE_WEIGHT = 300
#: The part of the calibration's novelty that is within its reach.
_REACH = 0.9
#: The parts of all errors that the intervals are to hold.
COVERAGES = (0.68, 0.95)
#: With fewer frames there is no calibration.
FEWEST_FRAMES = 10
#: The smallest novelty that is told from none, and the smallest mean squared error.
_TINY, _SMALLEST_SQUARE = 1e-30, 1e-200


class Extrapolation(NamedTuple):
    """How error bars behave further away than the frames of the calibration.

    Attributes:
        slopes: from so far beyond their reach on, in log n, the slope is so much at least.
        shared: w.
    """

    slopes: tuple[tuple[float, float], ...]
    shared: float


OF_FORCES = Extrapolation(slopes=((0.0, 1.0),), shared=0.5)
OF_ENERGIES = Extrapolation(slopes=((0.0, 2.0), (3.0, 1.0)), shared=0.0)


class Calibration(BaseModel):
    """The map from novelty to σ of one quantity, and its intervals.

    Attributes:
        offsets: a_g, for σ² in eV² or (eV/Å)².
        slopes: b, and the slope beyond each of the knots.
        knots: log n.
        reference: r.
        least: the smallest log n of the frames of the calibration: below it, σ does not fall further.
        typical: s_g.
        shared: w.
        quantiles: by which σ is multiplied for intervals of 68 and 95 %.
        n_frames: of the calibration.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    offsets: Annotated[tuple[float, ...], Field(min_length=1)]
    slopes: Annotated[tuple[NonNegative, ...], Field(min_length=1)]
    knots: tuple[float, ...]
    reference: float
    least: float
    typical: tuple[Positive, ...]
    shared: NonNegative
    quantiles: tuple[Positive, Positive]
    n_frames: Count

    @model_validator(mode="after")
    def _fits_together(self) -> Calibration:
        if len(self.typical) != len(self.offsets):
            raise ValueError("there is not one typical novelty for each group of atoms")
        if len(self.knots) != len(self.slopes) - 1:
            raise ValueError("there is not one slope beyond each knot")
        return self

    def standard_deviations(
        self, novelty: Float[np.ndarray, "B K"], groups: Int[np.ndarray, "K"]
    ) -> Float[np.ndarray, "B K"]:
        """σ of these novelties, in eV or eV/Å.

        Args:
            novelty: s of K atoms, or of the geometry.
            groups: g.
        """
        log_n = np.log(np.maximum(_relative(novelty, np.array(self.typical)[groups], self.shared), _TINY))
        return np.exp(self._log_variance(log_n, groups) / 2)

    def _log_variance(self, log_n: Float[np.ndarray, "B K"], groups: Int[np.ndarray, "K"]) -> Float[np.ndarray, "B K"]:
        log_variance = np.asarray(self.offsets)[groups] + self.slopes[0] * (
            np.maximum(log_n, self.least) - self.reference
        )
        for knot, before, after in zip(self.knots, self.slopes, self.slopes[1:], strict=False):
            log_variance += (after - before) * np.maximum(log_n - knot, 0.0)
        return log_variance

    @classmethod
    def fit(
        cls,
        novelty: Float[np.ndarray, "M K"],
        errors: Float[np.ndarray, "M K C"],
        groups: Int[np.ndarray, "K"],
        beyond: Extrapolation,
    ) -> Calibration:
        """The calibration by M frames.

        Args:
            novelty: of K atoms, or of the geometry.
            errors: of C components of each, in eV or eV/Å.
            groups: of the K atoms, numbered from 0.
            beyond: of the quantity.
        """
        typical = np.array([max(float(np.median(novelty[:, groups == g])), _TINY) for g in range(groups.max() + 1)])
        log_n = np.log(np.maximum(_relative(novelty, typical[groups], beyond.shared), _TINY))
        squares = (errors**2).mean(axis=2)
        reference = float(log_n.mean())
        everywhere = np.broadcast_to(groups, log_n.shape)
        offsets, slope = _fit(log_n.ravel() - reference, squares.ravel(), everywhere.ravel(), errors.shape[2])
        reach = float(np.quantile(log_n, _REACH))
        made = cls(
            offsets=tuple(offsets.tolist()),
            slopes=(slope, *(max(slope, least) for _, least in beyond.slopes)),
            knots=tuple(reach + further for further, _ in beyond.slopes),
            reference=reference, least=float(log_n.min()), typical=tuple(typical.tolist()), shared=beyond.shared,
            quantiles=(1.0, 1.0), n_frames=len(errors),
        )  # fmt: skip
        ratios = np.abs(errors) * np.exp(-made._log_variance(log_n, groups) / 2)[:, :, None]
        size = max(float(np.sqrt((ratios**2).mean())), 1e-150)
        wider = _widening(ratios.size)
        quantiles = _quantiles((ratios / size).ravel())
        return made.model_copy(
            update={
                "offsets": tuple((offsets + 2 * np.log(size * wider.std)).tolist()),
                "quantiles": tuple(q * w / wider.std for q, w in zip(quantiles, wider.quantiles, strict=True)),
            }
        )


def _relative(
    novelty: Float[np.ndarray, "B K"], typical: Float[np.ndarray, "K"], shared: float
) -> Float[np.ndarray, "B K"]:
    """N of the module's description."""
    relative = novelty / typical
    return relative if shared == 0.0 else relative + shared * relative.max(axis=1, keepdims=True)


def _fit(
    log_s: Float[np.ndarray, "n"], squares: Float[np.ndarray, "n"], groups: Int[np.ndarray, "n"], n_components: int
) -> tuple[Float[np.ndarray, "G"], float]:
    """a_g and b by the likelihood."""
    from scipy.optimize import minimize

    c, nu, n_groups = n_components, _DEGREES_OF_FREEDOM, int(groups.max()) + 1
    unit = max(float(squares.mean()), _SMALLEST_SQUARE)

    def loss(v: Float[np.ndarray, "p"]) -> tuple[float, Float[np.ndarray, "p"]]:
        common, apart, slope = v[0], v[1:-1], v[-1]
        log_variance = common + apart[groups] + slope * log_s
        scaled = c / nu * (squares / unit) * np.exp(-log_variance)
        by_variance = c / 2 - (nu + c) / 2 * scaled / (1 + scaled)
        value = (c / 2 * log_variance + (nu + c) / 2 * np.log1p(scaled)).sum()
        value += _PRIOR * ((apart**2).sum() + (slope - 1) ** 2)
        by_apart = np.bincount(groups, by_variance, n_groups) + 2 * _PRIOR * apart
        by_slope = by_variance @ log_s + 2 * _PRIOR * (slope - 1)
        return value / len(log_s), np.array([by_variance.sum(), *by_apart, by_slope]) / len(log_s)

    start = np.array([*np.zeros(1 + n_groups), 1.0])
    bounds = [(-50.0, 50.0)] * (1 + n_groups) + [(0.0, 5.0)]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return found[0] + found[1:-1] + np.log(unit), float(found[-1])


def _quantiles(ratios: Float[np.ndarray, "n"]) -> tuple[float, float]:
    """Of |error|/σ: those of the errors and those of a t distribution, weighted by what each is known from."""
    from scipy.stats import t as student

    own = len(ratios) / (len(ratios) + _SHAPE_WEIGHT)
    # Of variance 1, as the ratios are.
    shapes = [student(nu, scale=((nu - 2) / nu) ** 0.5) for nu in _SHAPES]
    best = max(shapes, key=lambda shape: float(shape.logpdf(ratios).sum()))
    low, high = (
        max(own * float(np.quantile(ratios, part)) + (1 - own) * float(best.ppf((1 + part) / 2)), 1e-9)
        for part in COVERAGES
    )
    return low, high


class _Widening(NamedTuple):
    """Factors of σ, and of the intervals."""

    std: float
    quantiles: tuple[float, float]


def _widening(n: int) -> _Widening:
    """Of what follows from n errors: those of Student's t, with as many degrees of freedom as the errors say of log σ, less two for a and b."""
    from scipy.stats import norm
    from scipy.stats import t as student

    nu = _DEGREES_OF_FREEDOM
    freedom = max(n * nu / (nu + 3) - 2, 3.0)  # Fisher information of log σ: 2ν/(ν+3) of an error, 2 if it is normal
    low, high = (float(student(freedom).ppf((1 + part) / 2) / norm.ppf((1 + part) / 2)) for part in COVERAGES)
    return _Widening((freedom / (freedom - 2)) ** 0.5, (low, high))
