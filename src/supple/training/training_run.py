"""One training from beginning to end: data and settings in, a run directory with a model and its errors out.

`supple train` runs one of them, `supple study` many, in other processes or on other machines.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from supple.checks import Finding, require_sound
from supple.data.dataset import Dataset
from supple.data.splits import Split
from supple.errors import SplitError
from supple.evaluation.bootstrap import error_intervals
from supple.evaluation.predictions import Predictions
from supple.evaluation.step_time import step_seconds
from supple.models.baseline.labels import baseline_labels, prepare_labels
from supple.models.kernel.direct_fit import small_kernel_model
from supple.models.potential import Potential
from supple.models.settings import ModelSettings
from supple.models.sums.difference_potential import calls_method
from supple.runtime.distributed import world_size
from supple.runtime.files import copy_file
from supple.runtime.progress import NO_PROGRESS, Progress
from supple.runtime.run_directory import RunDirectory
from supple.training.configuration import TrainingConfiguration
from supple.training.forecast import compilation_sentence, time_sentence
from supple.training.held_out import save_held_out
from supple.training.result import TrainingResult

#: What to do where the run directory has another training.
_ADVICE = "choose another output, train its force field on more frames with --extend"


@dataclass(frozen=True)
class TrainedModel:
    """A finished force field: the file that it is in, and the result of its training."""

    file: Path
    result: TrainingResult

    def to_json(self) -> dict[str, Any]:
        """As `supple train --json` prints it."""
        baseline = self.result.settings.get("baseline_record")
        return self.result.to_json() | {"model": str(self.file)} | ({} if baseline is None else {"baseline": baseline})


def train(
    settings: ModelSettings,
    dataset: Dataset,
    split: Split,
    directory: Path,
    *,
    test: Dataset | None = None,
    out: Path | None = None,
    progress: Progress = NO_PROGRESS,
    accept: Collection[str] = (),
    notes: Sequence[str] = (),
) -> TrainedModel:
    """Train one model in a run directory; a complete run is not repeated, an interrupted one is resumed.

    Args:
        settings: which model, and its settings.
        dataset: the frames that the split refers to; all of them are checked before anything is trained.
        split: training, validation and test frames.
        directory: the run directory.
        test: test frames from another file; those of the split when None.
        out: where to put a copy of the finished model; none is made when None.
        progress: receives notes and steps.
        accept: names of findings about the data to accept.
        notes: sentences to record with the force field.

    Raises:
        SuppleError: as `ModelSettings.fit`, and when the directory holds a run with another configuration.
    """
    configuration = TrainingConfiguration.of(settings, dataset, split, test).to_json()
    run = RunDirectory.open(directory, configuration, advice=_ADVICE)
    result = TrainingResult.read(directory)
    if result is None:
        started = time.perf_counter()
        with run.removed_if_refused():
            settings.require_labels(dataset)
            if sentence := compilation_sentence([type(settings)]):
                progress.note(sentence)
            accepted: list[Finding] = []
            if dataset.forces is not None:  # the checks compare energies with forces
                progress.note(f"Checking {dataset.source.name}.")
                accepted = require_sound(dataset, small_kernel_model, accept)
            training = replace(
                TrainingRun.of(settings, dataset, split, directory, accepted, test=test), notes=tuple(notes)
            )
            training.calculate_baseline(progress)
            # not when less than all is left, nor among several processes, of which the others wait for a request
            if not run.checkpoint_file.exists() and world_size() == 1:
                progress.note(time_sentence(settings, training.train, training.valid, started))
            result = training.run(progress)
    else:
        progress.note(f"The training in {directory} is already complete.")
    if out is not None:
        copy_file(run.model_file, out)
    return TrainedModel(out or run.model_file, result)


@dataclass(frozen=True, eq=False)
class TrainingRun:
    """One training with just the frames that it needs, so that it can be sent to another process.

    Attributes:
        settings: which model, and its settings.
        train, valid, test: the frames.
        split: their indices in the file.
        configuration: what the run directory must agree with.
        directory: the run directory.
        accepted: findings about the data that were accepted.
        common: a folder for what trainings on more or fewer of the same frames share.
        notes: sentences to record with the force field.
    """

    settings: ModelSettings
    train: Dataset
    valid: Dataset
    test: Dataset
    split: Split
    configuration: TrainingConfiguration
    directory: Path
    accepted: tuple[Finding, ...] = ()
    common: Path | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        settings: ModelSettings,
        dataset: Dataset,
        split: Split,
        directory: Path,
        accepted: Sequence[Finding],
        *,
        test: Dataset | None = None,
        common: Path | None = None,
    ) -> TrainingRun:
        """A training on frames of a dataset.

        Raises:
            SplitError: a test frame equals a training or validation frame.
        """
        train, valid, own_test = dataset.apply(split)
        test_frames = own_test if test is None else test
        require_unseen(test_frames, train, valid)
        configuration = TrainingConfiguration.of(settings, dataset, split, test)
        return cls(settings, train, valid, test_frames, split, configuration, directory, tuple(accepted), common)

    def run(self, progress: Progress, *, wait: bool = False) -> TrainingResult:
        """Train, unless the run is complete.

        Args:
            progress: receives notes and steps.
            wait: for another process that is at work in the directory.

        Raises:
            SuppleError: as `ModelSettings.fit`, and when another process is at work in the directory.
        """
        run = RunDirectory.open(self.directory, self.configuration.to_json())
        with run.removed_if_refused(), run.claimed(wait=wait):
            return TrainingResult.read(self.directory) or self._train(run, progress)

    def calculate_baseline(self, progress: Progress) -> None:
        """Calculate the baseline of all frames for which it is needed, if there is one; nothing is calculated twice.

        Raises:
            SuppleError: as `ModelSettings.fit`.
        """
        baseline = self.settings.baseline
        if baseline is not None:
            test = [self.test] if baseline.is_called else []
            prepare_labels(baseline, (self.train, self.valid, *test), progress)

    def _train(self, run: RunDirectory, progress: Progress) -> TrainingResult:
        self.split.save(run.path / "split.json")
        save_held_out(run.path, self.test)
        self.calculate_baseline(progress)
        potential = self.settings.fit(
            self.train,
            self.valid,
            seed=self.split.seed,
            run=run,
            progress=progress,
            examined=self.accepted,
            common=self.common,
        )
        potential.provenance = potential.provenance.with_notes(*self.notes)
        if self.split.manner:
            drawn = " and ".join(f"{name} {value}" for name, value in self.split.manner.items())
            potential.provenance = potential.provenance.with_notes(f"Frames drawn with {drawn}.")
        potential.save(run.model_file)
        result = TrainingResult.of(self.settings.kind, self.split.seed, potential.provenance)
        if len(test := self._testable(potential)):
            result = self._tested(result, potential, test, run)
        run.finish(result.to_json())
        return result

    def _testable(self, potential: Potential) -> Dataset:
        """The test frames, without those for which the baseline that the force field calls fails."""
        if self.settings.baseline is None or not len(self.test) or not calls_method(potential):
            return self.test
        folder = self.train.source.folder
        return baseline_labels(self.settings.baseline, self.test, folder=folder).subtracted().whole

    def _tested(self, result: TrainingResult, potential: Potential, test: Dataset, run: RunDirectory) -> TrainingResult:
        """The result with errors on test frames; the predictions are saved in the run directory."""
        predictions = Predictions.of(potential, test)
        predictions.save(run.predictions_file)
        units = self.train.source.units
        errors = potential.metrics(test, predictions.energies, predictions.forces, units)
        return result.tested(errors, error_intervals(test, predictions, units), step_seconds(potential, test.positions))


def require_unseen(test: Dataset, train: Dataset, valid: Dataset) -> None:
    """Refuse test frames that equal training or validation frames, whatever their indices.

    Raises:
        SplitError: a test frame has the geometry of one of them.
    """
    seen = set(train.frame_hashes) | set(valid.frame_hashes)
    shared = [i for i, frame in enumerate(test.frame_hashes) if frame in seen]
    if shared:
        raise SplitError(
            f"{len(shared)} test frames equal training or validation frames (the first is frame "
            f"{int(test.frames[shared[0]])} of {test.source.name}): remove the duplicates from the data."
        )
