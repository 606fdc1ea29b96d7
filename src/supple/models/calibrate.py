"""Error bars for a force field, by the errors of frames that it was not fitted to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from jaxtyping import Float

from supple.data.dataset import Dataset
from supple.errors import DataError, SettingsError, SplitError
from supple.models.uncertainty.calibration import FEWEST_FRAMES
from supple.models.uncertainty.error_bars import ErrorBars, calibrated
from supple.molecule.symmetry.symmetry_classes import symmetry_classes

if TYPE_CHECKING:
    from supple.models.potential import Potential

#: Training frames in a file, as a part of all of them, from which they are a good reference for the novelty of others.
_ENOUGH = 0.5


def error_bars(potential: Potential, like_training: Float[np.ndarray, "M N 3"], frames: Dataset) -> ErrorBars | None:
    """Error bars of a force field.

    Args:
        potential: of the molecule of the frames, its atoms in their order.
        like_training: positions of the training frames, or others like them, in Å.
        frames: labelled, and not used in the fit.

    Returns:
        The error bars; None if there are too few frames, they have no forces, or this kind of force field has no measure of novelty.
    """
    if frames.forces is None or len(frames) < FEWEST_FRAMES:
        return None
    novelty = potential.novelty(like_training)
    if novelty is None:
        return None
    size = potential.batch_size
    parts = [
        potential.with_novelty(torch.tensor(frames.positions[start : start + size]), novelty)
        for start in range(0, len(frames), size)
    ]
    energies = torch.cat([part[0] for part in parts]).detach().cpu().numpy()
    forces = torch.cat([part[1] for part in parts]).detach().cpu().numpy()
    scores = (
        torch.cat([part[2].energy for part in parts]).cpu().numpy(),
        torch.cat([part[2].forces for part in parts]).cpu().numpy(),
    )
    known = frames.energies if potential.provenance.has_energies else np.full(len(frames), np.nan)
    return calibrated(
        novelty, scores, energies - known, forces - frames.forces,
        symmetry_classes(frames.numbers, like_training),
    )  # fmt: skip


class Recalibration(NamedTuple):
    """Error bars by a file of labelled frames.

    Attributes:
        error_bars: of the force field.
        n_frames: by which they were calibrated.
        n_training: frames of the file that were left out because the force field was trained on them.
        n_reference: frames of the file that stand for the training frames, which the force field does not hold; 0 where it does.
    """

    error_bars: ErrorBars
    n_frames: int
    n_training: int
    n_reference: int


def recalibrate(potential: Potential, dataset: Dataset) -> Recalibration:
    """Error bars for a force field that has none, or has those of fewer or other frames.

    A force field that does not hold its training frames needs others like them, from which novelty is measured: those of the dataset
    that it was trained on, or else every second one of the dataset, which then do not count for the calibration.

    Args:
        potential: the force field.
        dataset: labelled frames, their atoms in its order.

    Raises:
        DataError: the frames have no forces.
        SplitError: there are too few on which it was not trained.
        SettingsError: this kind of force field has no error bars.
    """
    name, provenance = dataset.source.name, potential.provenance
    if dataset.forces is None:
        raise DataError(f"{name} has no forces, which error bars need: give frames with forces.")
    trained = set(provenance.seen_frames[: provenance.n_train])
    is_new = np.array([frame not in trained for frame in dataset.frame_hashes], dtype=bool)
    fresh, old = np.flatnonzero(is_new), np.flatnonzero(~is_new)
    reference, n_reference = dataset.positions, 0
    if potential.training_frames() is None:
        others = old if len(old) >= _ENOUGH * provenance.n_train > 0 else fresh[::2]
        fresh = fresh if others is old else fresh[1::2]
        reference, n_reference = dataset.positions[others], len(others)
    if len(fresh) < FEWEST_FRAMES:
        raise SplitError(
            f"{name} has {len(fresh)} frames for a calibration, on which the force field was not trained, and {FEWEST_FRAMES} are "
            "needed at least, better a hundred: give more labelled frames."
        )
    frames = dataset.select(fresh)
    made = error_bars(potential, reference, frames)
    if made is None:
        raise SettingsError(f"A {potential.name} force field has no error bars: its kind has no measure of novelty.")
    calibrations = made.calibrations.model_copy(update={"frames": tuple(frames.frame_hashes)})
    return Recalibration(replace(made, calibrations=calibrations), len(frames), len(old), n_reference)
