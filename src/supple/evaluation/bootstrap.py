"""How surely the errors of a force field are known from the test frames: bootstrap intervals.

Frames are drawn with replacement, as many as there are, many times over; the interval holds the middle 95 % of the errors that
follow (the percentile bootstrap; Efron, Ann. Stat. 7, 1 (1979), doi 10.1214/aos/1176344552). Whole frames are drawn, not
components of forces: those of one frame are wrong together.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from supple.data.dataset import Dataset
from supple.data.units import Units
from supple.evaluation.predictions import Predictions

#: Times that frames are drawn, and the part of the errors within the interval.
_DRAWS, _WITHIN = 1000, 0.95


def intervals(test: Dataset, predictions: Predictions, units: Units) -> dict[str, Any] | None:
    """Intervals of RMSE and MAE of energies and forces, as {quantity: {metric: [low, high], "unit": unit}}.

    Args:
        test: reference frames.
        predictions: of the same frames.
        units: of the intervals.

    Returns:
        None with a single frame, of which nothing follows.
    """
    found: dict[str, Any] = {}
    known = np.isfinite(test.energies) & np.isfinite(predictions.energies)
    if known.sum() > 1:
        errors = (predictions.energies - test.energies)[known] / units.energy_in_ev
        found["energy"] = _of_frames(errors[:, None]) | {"unit": units.energy}
    if test.forces is not None and len(test) > 1:
        errors = (predictions.forces - test.forces) / units.forces_in_ev_per_angstrom
        found["forces"] = _of_frames(errors.reshape(len(errors), -1)) | {"unit": units.forces}
    return found or None


def _of_frames(errors: Float[np.ndarray, "M C"]) -> dict[str, Any]:
    """From the errors of each frame's components."""
    squares, sizes = (errors**2).mean(1), np.abs(errors).mean(1)
    n = len(errors)
    times = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), size=_DRAWS) / n  # how often each frame is drawn
    ends = [(1 - _WITHIN) / 2, (1 + _WITHIN) / 2]
    return {
        "rmse": np.quantile(np.sqrt(times @ squares), ends).tolist(),
        "mae": np.quantile(times @ sizes, ends).tolist(),
    }
