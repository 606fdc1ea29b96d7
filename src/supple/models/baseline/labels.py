"""The labels of a baseline: its force field, and energies and forces of frames by it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from supple.data.dataset import Dataset
from supple.errors import DataError, ModelFileError, SettingsError
from supple.methods import method_with_forces
from supple.methods.electronic_state import electronic_state
from supple.methods.label_frames import label_frames
from supple.methods.label_store import LabelStore, geometry_key
from supple.methods.level import Level
from supple.models.baseline.settings import Baseline
from supple.models.loading import load
from supple.models.potential import Potential
from supple.models.sums.method_potential import MethodPotential
from supple.models.sums.sample_point import SamplePoint
from supple.runtime.progress import NO_PROGRESS, Progress

#: Failed frames that are named.
_SHOWN = 5
#: Largest share of frames that may fail.
_MOST_FAILED = 0.5


class Subtracted(NamedTuple):
    """Frames without the baseline: those for which it is known, whole and as differences."""

    whole: Dataset
    difference: Dataset


@dataclass(frozen=True, eq=False)
class BaselineLabels:
    """The energies and forces of some frames by a baseline.

    Attributes:
        dataset: the frames.
        potential: the baseline as a force field.
        energies: eV, shape (M,); NaN where the baseline failed.
        forces: eV/Å, shape (M, N, 3); NaN where the baseline failed.
        notes: what was assumed, and which frames failed.
        seconds: that the calculations took, on one core, whenever they were made.
    """

    dataset: Dataset
    potential: Potential
    energies: Float[np.ndarray, "M"]
    forces: Float[np.ndarray, "M N 3"]
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def known(self) -> Bool[np.ndarray, "M"]:
        """For which frames it did not fail."""
        return np.isfinite(self.energies)

    def subtracted(self) -> Subtracted:
        """The frames for which the baseline is known, and the difference of their labels to it."""
        whole = self.dataset.select(self.known)
        energies, forces = self.energies[self.known], self.forces[self.known]
        rest = None if whole.forces is None else whole.forces - forces
        return Subtracted(whole, replace(whole, energies=whole.energies - energies, forces=rest))


def prepare_labels(baseline: Baseline, datasets: Sequence[Dataset], progress: Progress) -> None:
    """Calculate a baseline for the frames of several datasets at a time, so that `baseline_labels` finds the results.

    Args:
        baseline: which.
        datasets: frames of one molecule; the labels are kept beside the file of the first.
        progress: receives the number of calculations that are complete.

    Raises:
        SettingsError: as `baseline_labels`.
    """
    if baseline.file is None:
        level, _ = _level(baseline, datasets[0])
        positions = np.concatenate([dataset.positions for dataset in datasets])
        label_frames(level, datasets[0].numbers, positions, datasets[0].source.folder, progress)


def baseline_labels(
    baseline: Baseline, dataset: Dataset, progress: Progress = NO_PROGRESS, *, folder: Path | None = None
) -> BaselineLabels:
    """Calculate a baseline for all frames of a dataset; what was calculated before is not calculated again.

    Args:
        baseline: which.
        dataset: the frames.
        progress: receives the number of calculations that are complete.
        folder: beside which the results are kept; that of the dataset's file when None.

    Raises:
        SettingsError: the method is unknown or not installed, or charge and multiplicity are not known or not possible.
        DataError: the baseline fails for most of the frames.
        ModelFileError, MoleculeError: the force field cannot be read, or is of another molecule.
    """
    if baseline.file is not None:
        return _by_force_field(baseline, dataset)
    level, notes = _level(baseline, dataset)
    folder = folder or dataset.source.folder
    labels = label_frames(level, dataset.numbers, dataset.positions, folder, progress)
    if labels.failures:
        notes.append(_failure_sentence(level.name, dataset, labels.failures))
    if len(labels.failures) > _MOST_FAILED * len(dataset):
        raise DataError(f"The baseline fails for too many frames to be of use: {notes[-1]} Choose another baseline.")
    known = LabelStore(folder, level, dataset.numbers).read()
    calculated = dataset.positions[np.isfinite(labels.energies)][:1]
    samples = [SamplePoint.of(frame, known[geometry_key(frame)].point) for frame in calculated]
    potential = MethodPotential(dataset.numbers, level, sample=next(iter(samples), None))
    potential.known = known
    return BaselineLabels(dataset, potential, labels.energies, labels.forces, tuple(notes), labels.seconds)


def baseline_version(baseline: Baseline) -> str:
    """What the numbers of a baseline depend on besides its settings: the version of the method, or a hash of the file.

    Raises:
        SettingsError: the method is unknown or not installed.
        ModelFileError: there is no such file.
    """
    if baseline.file is None:
        return Level(baseline.name).version
    try:
        return f"sha256 {hashlib.sha256(baseline.file.read_bytes()).hexdigest()[:16]}"
    except OSError as error:
        raise ModelFileError(f"There is no file {baseline.file} with a force field to use as the baseline.") from error


def _by_force_field(baseline: Baseline, dataset: Dataset) -> BaselineLabels:
    assert baseline.file is not None
    if baseline.charge is not None or baseline.multiplicity is not None:
        raise SettingsError(
            f"The baseline {baseline.file} is a force field, which has its charge and multiplicity: leave out --charge and --multiplicity."
        )
    potential = load(baseline.file)
    potential.require_molecule(dataset)
    started = time.perf_counter()
    energies, forces = potential.predict(dataset.positions)
    return BaselineLabels(dataset, potential, energies, forces, seconds=time.perf_counter() - started)


def _level(baseline: Baseline, dataset: Dataset) -> tuple[Level, list[str]]:
    """The method for this molecule, and what was assumed."""
    name = baseline.name
    if not method_with_forces(name, "A baseline").takes_charge:
        if baseline.charge is not None or baseline.multiplicity is not None:
            raise SettingsError(
                f"{name} is a function of your own, which sets charge and multiplicity itself: leave out --charge and --multiplicity."
            )
        return Level(name), []
    state = electronic_state(dataset, name, baseline.charge, baseline.multiplicity)
    level = Level(name, state.charge, state.multiplicity)
    if not state.assumed:
        return level, []
    values = " and ".join(f"{what} {getattr(state, what)}" for what in state.assumed)
    return level, [f"{name} is calculated with {values}, as {dataset.source.name} states nothing else."]


def _failure_sentence(name: str, dataset: Dataset, failures: dict[int, str]) -> str:
    shown = [f"frame {int(dataset.frames[i])} ({why})" for i, why in list(failures.items())[:_SHOWN]]
    more = ", ..." if len(failures) > _SHOWN else ""
    are = "frame, which is" if len(failures) == 1 else "frames, which are"
    return f"{name} failed for {len(failures)} of {len(dataset)} {are} left out: {', '.join(shown)}{more}."
