"""One training run from beginning to end: data and settings in, a run directory with a model and its errors out.

`supple train` makes one of them, `supple study` makes many, in other processes or on other machines.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supple.checks import Finding, require_sound
from supple.data.dataset import Dataset
from supple.data.splits import Split
from supple.errors import SplitError
from supple.evaluation.bootstrap import intervals
from supple.evaluation.predictions import Predictions
from supple.models.kernel.direct_fit import small_kernel_model
from supple.models.settings import ModelSettings
from supple.runtime.files import copy_file
from supple.runtime.progress import SILENCE, Progress
from supple.runtime.run_directory import RunDirectory


def train_run(
    settings: ModelSettings,
    dataset: Dataset,
    split: Split,
    directory: Path,
    *,
    test: Dataset | None = None,
    out: Path | None = None,
    progress: Progress = SILENCE,
    accept: Collection[str] = (),
) -> dict[str, Any]:
    """Train one model in a run directory; a run that is done is not repeated, an interrupted one goes on.

    Args:
        settings: which model, and how.
        dataset: the frames that the split speaks of; all of them are examined before anything is trained.
        split: training, validation and test frames.
        directory: the run directory.
        test: test frames from elsewhere; the split's own when None.
        out: where to put a copy of the finished model; none is made when None.
        progress: listens.
        accept: names of findings about the data to accept.

    Returns:
        The result, as in result.json: model (path), kind, n_train, n_valid, seed, seconds, peak_rss_bytes, settings,
        validation and test (errors in the units of the data's file; test None without test frames), intervals of the test
        errors, notes.

    Raises:
        SuppleError: as `ModelSettings.fit`, and when the directory holds a run of another configuration.
    """
    run = RunDirectory.open(directory, run_configuration(settings, dataset, split, test))
    if run.result is None:
        with run.gone_if_refused():
            progress.note(f"Examining {dataset.source.name}.")
            training = Training.of(
                settings, dataset, split, directory, require_sound(dataset, small_kernel_model, accept), test=test
            )
            training.run(progress)
    else:
        progress.note(f"{directory} is done already.")
    if out is not None:
        copy_file(run.model_file, out)
    return (run.result or {}) | {"model": str(out or run.model_file)}


@dataclass(frozen=True, eq=False)
class Training:
    """One training with the frames that it needs and no others, so that it can be handed to another process.

    Attributes:
        settings: which model, and how.
        train, valid, test: the frames.
        split: their indices in the file.
        configuration: what the run directory must agree with.
        directory: the run directory.
        examined: serious findings about the data that were accepted.
        common: a folder for what trainings on more or fewer of the same frames have in common.
    """

    settings: ModelSettings
    train: Dataset
    valid: Dataset
    test: Dataset
    split: Split
    configuration: dict[str, Any]
    directory: Path
    examined: tuple[Finding, ...] = ()
    common: Path | None = None

    @classmethod
    def of(
        cls,
        settings: ModelSettings,
        dataset: Dataset,
        split: Split,
        directory: Path,
        examined: Sequence[Finding],
        *,
        test: Dataset | None = None,
        common: Path | None = None,
    ) -> Training:
        """A training on frames of a dataset.

        Raises:
            SplitError: a test frame equals a training or validation frame.
        """
        train, valid, own_test = dataset.apply(split)
        tested = own_test if test is None else test
        require_new(tested, train, valid)
        configuration = run_configuration(settings, dataset, split, test)
        return cls(settings, train, valid, tested, split, configuration, directory, tuple(examined), common)

    def run(self, progress: Progress, *, wait: bool = False) -> dict[str, Any]:
        """Train, unless that is done; the content of result.json.

        Args:
            progress: listens.
            wait: for another process that is at work in the directory.

        Raises:
            SuppleError: as `ModelSettings.fit`, and when another process is at work in the directory.
        """
        run = RunDirectory.open(self.directory, self.configuration)
        with run.gone_if_refused(), run.claimed(wait=wait):
            if run.result is None:
                self._train(run, progress)
        return run.result or {}

    def _train(self, run: RunDirectory, progress: Progress) -> None:
        split = self.split
        split.save(run.path / "split.json")
        potential = self.settings.fit(
            self.train,
            self.valid,
            seed=split.seed,
            run=run,
            progress=progress,
            examined=self.examined,
            common=self.common,
        )
        if split.manner:
            drawn = " and ".join(f"{name} {value}" for name, value in split.manner.items())
            potential.provenance = potential.provenance.with_notes(f"Frames drawn with {drawn}.")
        potential.save(run.model_file)
        made = potential.provenance
        result = {
            "kind": self.settings.kind,
            "n_train": len(self.train),
            "n_valid": len(self.valid),
            "seed": split.seed,
            "seconds": made.seconds,
            "peak_rss_bytes": made.peak_rss_bytes,
            "settings": made.settings,
            "validation": None if made.validation is None else made.validation.to_dict(),
            "test": None,
            "intervals": None,
            "notes": made.notes,
        }
        if len(self.test):
            predictions = Predictions.of(potential, self.test)
            predictions.save(run.predictions_file)
            units = self.train.source.units
            result["test"] = potential.metrics(self.test, predictions.energies, predictions.forces, units).to_dict()
            result["intervals"] = intervals(self.test, predictions, units)
        run.finish(result)


def run_configuration(
    settings: ModelSettings, dataset: Dataset, split: Split, test: Dataset | None = None
) -> dict[str, Any]:
    """What a run directory is for, as run.json has it: two runs that agree in this are the same run."""
    n_test = len(split.test) if test is None else len(test)
    return {
        "model": settings.kind,
        "settings": settings.model_dump(mode="json"),
        "data": {"name": dataset.source.name, "sha256": dataset.fingerprint, "units": str(dataset.source.units)},
        "split": {"seed": split.seed, "train": len(split.train), "valid": len(split.valid), "test": n_test}
        | split.manner,
        "indices": {"train": list(split.train), "valid": list(split.valid)},
    }


def require_new(test: Dataset, train: Dataset, valid: Dataset) -> None:
    """Refuse test frames that training or validation frames equal, under whatever index.

    Raises:
        SplitError: a test frame has the geometry of one of them.
    """
    seen = set(train.frame_hashes) | set(valid.frame_hashes)
    known = [i for i, frame in enumerate(test.frame_hashes) if frame in seen]
    if known:
        raise SplitError(
            f"{len(known)} test frames equal training or validation frames (the first is frame "
            f"{int(test.frames[known[0]])} of {test.source.name}): take the duplicates out of the data."
        )
