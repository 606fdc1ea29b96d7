"""Calibration: from novelty to the standard deviation of an error, by the errors of frames that the fit has not used.

For novelty s of an atom in group g (atoms that are equal by symmetry), or of a whole geometry,

    log σ² = a_g + b (log s - r)      b ≥ 0

with a and b by the likelihood of the errors. Errors of force fields have heavier tails than a normal distribution, and a few large
ones must not decide how σ grows with s: the likelihood is that of Student's t with 4 degrees of freedom. Then all a_g are shifted by
one number, so that the mean of (error/σ)² is 1 and σ is a standard deviation. In a Gaussian process b is 1, which is the prior: it
matters where there are few frames.

Intervals are q·σ, with quantiles q of |error|/σ of the same frames: conformal intervals (Angelopoulos and Bates, arXiv:2107.07511,
section 2.3). The quantile of a hundred energies is uncertain by 5 points of coverage, so it is drawn towards that of the t
distribution of best fit, as if that were known from 300 errors.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from jaxtyping import Float, Int
from pydantic import BaseModel, ConfigDict, Field

from supple.runtime.validation import Count, NonNegative, Positive

#: Of Student's t in the likelihood.
_DEGREES_OF_FREEDOM = 4.0
#: Those among which the distribution of |error|/σ is sought.
_SHAPES = (2.5, 3.0, 4.0, 5.0, 7.0, 10.0, 20.0, 100.0)
#: Strength of the priors: of b about 1, and of a_g about their mean, in units of one observation.
_PRIOR = 3.0
#: How many errors the fitted distribution counts for in a quantile.
_SHAPE_WEIGHT = 300
#: The parts of all errors that the intervals are to hold.
COVERAGES = (0.68, 0.95)
#: With fewer frames there is no calibration.
FEWEST_FRAMES = 10
#: The smallest novelty that is told from none, and the smallest mean squared error.
_TINY, _SMALLEST_SQUARE = 1e-30, 1e-200


class Calibration(BaseModel):
    """The map from novelty to σ of one quantity, and its intervals.

    Attributes:
        offsets: a_g, for σ² in eV² or (eV/Å)².
        slope: b.
        reference: r.
        least: the smallest log s of the frames of the calibration: below it, σ does not fall further.
        quantiles: by which σ is multiplied for intervals of 68 and 95 %.
        n_frames: of the calibration.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    offsets: Annotated[tuple[float, ...], Field(min_length=1)]
    slope: NonNegative
    reference: float
    least: float
    quantiles: tuple[Positive, Positive]
    n_frames: Count

    def standard_deviations(
        self, novelty: Float[np.ndarray, "..."], groups: Int[np.ndarray, "..."]
    ) -> Float[np.ndarray, "..."]:
        """σ of these novelties, in eV or eV/Å.

        Args:
            novelty: s.
            groups: g; of the same shape, or one that is extended to it.
        """
        return np.exp(self._log_variance(np.log(np.maximum(novelty, _TINY)), groups) / 2)

    def _log_variance(
        self, log_novelty: Float[np.ndarray, "..."], groups: Int[np.ndarray, "..."]
    ) -> Float[np.ndarray, "..."]:
        rise = np.maximum(log_novelty, self.least) - self.reference
        return np.asarray(self.offsets)[groups] + self.slope * rise

    @classmethod
    def fit(
        cls, novelty: Float[np.ndarray, "M K"], errors: Float[np.ndarray, "M K C"], groups: Int[np.ndarray, "K"]
    ) -> Calibration:
        """The calibration by M frames.

        Args:
            novelty: of K atoms, or of the geometry.
            errors: of C components of each, in eV or eV/Å.
            groups: of the K atoms, numbered from 0.
        """
        log_s = np.log(np.maximum(novelty, _TINY))
        squares = (errors**2).mean(axis=2)
        reference = float(log_s.mean())
        everywhere = np.broadcast_to(groups, log_s.shape)
        offsets, slope = _fit(log_s.ravel() - reference, squares.ravel(), everywhere.ravel(), errors.shape[2])
        made = cls(
            offsets=tuple(offsets.tolist()), slope=slope, reference=reference, least=float(log_s.min()),
            quantiles=(1.0, 1.0), n_frames=len(errors),
        )  # fmt: skip
        ratios = np.abs(errors) * np.exp(-made._log_variance(log_s, everywhere) / 2)[:, :, None]
        size = max(float(np.sqrt((ratios**2).mean())), 1e-150)
        return made.model_copy(
            update={
                "offsets": tuple((offsets + 2 * np.log(size)).tolist()),
                "quantiles": _quantiles((ratios / size).ravel()),
            }
        )


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
