"""Errors of a force field on frames that it has not seen."""

from __future__ import annotations

from supple.data.dataset import Dataset
from supple.evaluation.bootstrap import error_intervals
from supple.evaluation.predictions import Predictions
from supple.growth.round_folder import ErrorOf
from supple.models.potential import Potential


def errors_by_reason(potential: Potential, frames: Dataset) -> dict[str, ErrorOf]:
    """Errors of the forces on new frames, by the reason why they were chosen."""
    if not len(frames):
        return {}
    assert frames.forces is not None
    difference = potential.predict(frames.positions)[1] - frames.forces
    reasons = frames.extras["reason"]
    return {str(reason): ErrorOf.of(difference[reasons == reason]) for reason in dict.fromkeys(reasons.tolist())}


def rmse_interval(potential: Potential, frames: Dataset) -> tuple[float, float] | None:
    """The 95 % interval of the force RMSE, eV/Å; None of a single frame."""
    units = frames.source.units
    found = error_intervals(frames, Predictions.of(potential, frames), units).forces
    if found is None:
        return None
    low, high = (end * units.forces_in_ev_per_angstrom for end in found.rmse)
    return low, high
