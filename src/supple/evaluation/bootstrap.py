"""How certain the errors of a force field are, given its test frames: bootstrap intervals.

Frames are drawn with replacement, as many as there are, many times over; the interval contains the middle 95 % of the
resulting errors (the percentile bootstrap; Efron, Ann. Stat. 7, 1 (1979), doi 10.1214/aos/1176344552). Whole frames are
drawn, not components of forces, because the errors within one frame are correlated. The largest error has no such interval:
frames drawn from those that there are never have a larger one.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from supple.data.dataset import Dataset
from supple.data.units import Units
from supple.evaluation.predictions import Predictions

#: Number of draws, and the part of the errors within the interval.
_DRAWS, _CONFIDENCE = 1000, 0.95


@dataclass(frozen=True)
class Interval:
    """Intervals (low, high) of the RMSE and MAE of one quantity, in `unit`."""

    rmse: tuple[float, float]
    mae: tuple[float, float]
    unit: str


@dataclass(frozen=True)
class ErrorIntervals:
    """Intervals of the errors on a set of test frames; None where there are fewer than two frames with a label."""

    energy: Interval | None = None
    forces: Interval | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionaries by quantity, as in result.json; without the quantities that have no interval."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def error_intervals(test: Dataset, predictions: Predictions, units: Units) -> ErrorIntervals:
    """Intervals (95 %) of the RMSE and MAE of energies and forces.

    Args:
        test: reference frames.
        predictions: of the same frames.
        units: of the intervals.
    """
    energy = forces = None
    known = np.isfinite(test.energies) & np.isfinite(predictions.energies)
    if known.sum() > 1:
        errors = (predictions.energies - test.energies)[known] / units.energy_in_ev
        energy = _interval(errors[:, None], units.energy)
    if test.forces is not None and len(test) > 1:
        errors = (predictions.forces - test.forces) / units.forces_in_ev_per_angstrom
        forces = _interval(errors.reshape(len(errors), -1), units.forces)
    return ErrorIntervals(energy, forces)


def _interval(errors: Float[np.ndarray, "M C"], unit: str) -> Interval:
    """From the errors of the C components of M frames."""
    squares, sizes = (errors**2).mean(1), np.abs(errors).mean(1)
    n = len(errors)
    weights = (
        np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), size=_DRAWS) / n
    )  # how often each frame is drawn
    ends = [(1 - _CONFIDENCE) / 2, (1 + _CONFIDENCE) / 2]
    rmse = np.quantile(np.sqrt(weights @ squares), ends)
    mae = np.quantile(weights @ sizes, ends)
    return Interval((float(rmse[0]), float(rmse[1])), (float(mae[0]), float(mae[1])), unit)
