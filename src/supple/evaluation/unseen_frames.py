"""Test frames must be new to the force field: errors on frames that it was fitted to look smaller than they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supple.data.dataset import Dataset
from supple.errors import SplitError

if TYPE_CHECKING:
    from supple.models.potential import Potential


def unseen_frames(potential: Potential, dataset: Dataset) -> Dataset:
    """The frames that the force field was neither trained, validated nor calibrated on, identified by their geometry.

    Raises:
        SplitError: it was trained or validated on all of them.
    """
    seen = set(potential.provenance.seen_frames)
    if potential.error_bars is not None:
        seen |= set(potential.error_bars.calibrations.frames)
    fresh = [i for i, frame in enumerate(dataset.frame_hashes) if frame not in seen]
    if not fresh:
        raise SplitError(
            f"The force field was trained, validated or calibrated on every frame of {dataset.source.name}: "
            "errors on them would be meaningless: use other frames."
        )
    return dataset.select(fresh)
