"""The training of a round, and the check of all frames."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from supple.checks import examine
from supple.data.dataset import Dataset
from supple.data.units import Units
from supple.data.writing import write_extxyz
from supple.growth.labelled_frames import LabelledFrames
from supple.growth.messages import Quiet
from supple.growth.round_folder import RoundFolder
from supple.models.kernel.direct_fit import small_kernel_model
from supple.models.settings import ModelSettings
from supple.runtime.files import copy_file
from supple.runtime.progress import Progress
from supple.training.training_run import TrainingRun

#: With so many frames, a check of all of them is reliable.
_JUDGED = 50


def train(model: ModelSettings, labelled: LabelledFrames, folder: RoundFolder, out: Path, progress: Progress) -> float:
    """Train a force field, which becomes the best so far, and return its validation error, RMSE in eV/Å.

    Args:
        model: settings of the model.
        labelled: all frames so far.
        folder: of the round.
        out: of the run.
        progress: receives steps.
    """
    units = labelled.data.source.units
    # the labels are of calculations that were made here: what checks suspect of few frames is said, and refused is nothing
    training = TrainingRun.of(model, labelled.data, labelled.split, folder.training, [])
    result = training.run(Quiet(progress))
    copy_file(folder.training / "model.safetensors", out / "model.safetensors")
    write_data(labelled, out, units)
    forces = result.validation.forces
    assert forces is not None
    return forces.rmse * units.forces_in_ev_per_angstrom


def write_data(labelled: LabelledFrames, out: Path, units: Units) -> Path:
    """Write all frames so far, with what they are used for."""
    write_extxyz(out / "data.xyz", labelled.described(), units)
    return out / "data.xyz"


def last_trained(folders: Sequence[RoundFolder]) -> Path | None:
    """The file of the last force field that some rounds have trained; None before the first."""
    files = [folder.training / "model.safetensors" for folder in folders]
    return next((file for file in reversed(files) if file.exists()), None)


def suspicions(data: Dataset) -> list[str]:
    """What a check of all frames finds wrong, once they are enough for a judgement."""
    if len(data) < _JUDGED:
        return []
    found = [finding for finding in examine(data, small_kernel_model, before_training=True) if finding.is_error]
    return [f"The check of the data finds: {finding}" for finding in found]
