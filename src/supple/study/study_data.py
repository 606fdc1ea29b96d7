"""The data and settings of a study, read and checked before anything is trained."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from supple.checks import Finding, examine, require_accepted, require_names
from supple.data.dataset import Dataset
from supple.data.selection import split_dataset
from supple.data.splits import Split
from supple.errors import DataError, SplitError
from supple.models.kernel.direct_fit import small_kernel_model
from supple.models.settings import ModelSettings
from supple.study import defaults
from supple.study.model_name import kind_of, settings_of
from supple.study.plan import Cell, DatasetEntry, StudyPlan
from supple.training import TrainingConfiguration, TrainingRun


@dataclass(frozen=True)
class StudyData:
    """One dataset of a study.

    Attributes:
        entry: of the plan.
        frames: of the file.
        test: frames of the separate test file, if there is one.
        n_valid, n_test: numbers of validation and test frames.
        findings: of the data check.
    """

    entry: DatasetEntry
    frames: Dataset
    test: Dataset | None
    n_valid: int
    n_test: int
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Job:
    """A cell with everything that its training needs.

    Attributes:
        cell, settings, data, directory: what to train on what, and in which folder.
        largest: the split of the largest training on the same data with the same seed. Smaller ones use its first training
            frames, so that training frames are selected once for all sizes.
    """

    cell: Cell
    settings: ModelSettings
    data: StudyData
    directory: Path
    largest: Split

    def training(self) -> TrainingRun:
        """The training, with its frames.

        Raises:
            SplitError: a test frame equals a training or validation frame.
        """
        accepted = [finding for finding in self.data.findings if finding.severity == "serious"]
        common = self.directory.parent.parent / "common" / f"{self.cell.dataset}-s{self.cell.seed}"
        return TrainingRun.of(
            self.settings, self.data.frames, self.split(), self.directory, accepted, test=self.data.test, common=common
        )

    def frames(self) -> tuple[Dataset, Dataset]:
        """Training and validation frames."""
        split = self.split()
        return self.data.frames.select(split.train), self.data.frames.select(split.valid)

    def test_frames(self) -> Dataset:
        """Test frames: those of the test file, or those of the split."""
        return self.data.frames.select(self.largest.test) if self.data.test is None else self.data.test

    def configuration(self) -> TrainingConfiguration:
        """What the cell's run directory must agree with."""
        return TrainingConfiguration.of(self.settings, self.data.frames, self.split(), self.data.test)

    def split(self) -> Split:
        """The frames of this cell; nested over the sizes of one seed, with the same validation and test frames."""
        return replace(self.largest, train=self.largest.train[: self.cell.n_train])


def prepare(plan: StudyPlan, out: Path) -> list[Job]:
    """Read the data and settings of a plan, and refuse what cannot work before anything is started.

    Raises:
        DataError: a file cannot be read or lacks what the selection needs, or a test file shares frames with the data or
            contains another molecule.
        SettingsError: a model or setting does not exist.
        SplitError: a size is larger than the data allow.
    """
    require_names(plan.accept)
    settings = {
        model: settings_of(model, plan.settings.get(kind_of(model), {}), plan.charge, plan.multiplicity)
        for model in plan.models
    }
    by_name = {entry.name: _read(entry, plan) for entry in plan.datasets}
    largest = {(name, seed): _split(data, plan, seed) for name, data in by_name.items() for seed in plan.seeds}
    return [
        Job(
            cell,
            settings[cell.model],
            by_name[cell.dataset],
            out / "cells" / cell.name,
            largest[cell.dataset, cell.seed],
        )
        for cell in plan.cells()
    ]


def _split(data: StudyData, plan: StudyPlan, seed: int) -> Split:
    """The frames of the largest training."""
    own_test = 0 if data.test is not None else data.n_test
    try:
        return split_dataset(
            data.frames, max(plan.sizes), data.n_valid, own_test, seed, select=plan.select, blocks=plan.blocks
        )
    except SplitError as error:  # there may be several files
        raise SplitError(f"{data.entry.path}: {error}") from error


def _read(entry: DatasetEntry, plan: StudyPlan) -> StudyData:
    from supple.data.reading import read

    frames = read(entry.path, units=entry.units, keys=entry.keys, accept=plan.accept)
    n_different = len(frames) - len(frames.duplicates)
    n_valid = plan.valid if plan.valid is not None else defaults.n_valid(n_different)
    test = None
    if entry.test_file is not None:
        test = read(entry.test_file, units=entry.units, keys=entry.keys, accept=plan.accept)
        _require_other_frames(frames, test, entry)
        n_test = len(test)
    else:
        n_test = plan.test if plan.test is not None else defaults.n_test(n_different)
    _require_enough(entry, frames, n_valid, 0 if test is not None else n_test, plan)
    findings = examine(frames, small_kernel_model)
    require_accepted(findings, plan.accept)
    return StudyData(entry, frames, test, n_valid, n_test, tuple(findings))


def _require_enough(entry: DatasetEntry, frames: Dataset, n_valid: int, n_test: int, plan: StudyPlan) -> None:
    n_different = len(frames) - len(frames.duplicates)
    left = n_different - n_valid - n_test
    if max(plan.sizes) <= left:
        return
    reserved = f"{n_valid} for validation" + (f" and {n_test} for testing" if n_test else "")
    advice = f"use at most {left} (--sizes)" if left > 0 else "reserve fewer (--valid, --test)"
    counted = f"{n_different} different frames" if frames.duplicates else f"{n_different} frames"
    raise SplitError(
        f"{max(plan.sizes)} training frames were requested, but {entry.path} has {counted}, of which {reserved} "
        f"are reserved: {advice}."
    )


def _require_other_frames(frames: Dataset, test: Dataset, entry: DatasetEntry) -> None:
    """Refuse a test file of another molecule, or with frames that may be trained on."""
    if frames.numbers.tolist() != test.numbers.tolist():
        raise DataError(
            f"The test file {entry.test_file} ({test.formula}) and {entry.path} ({frames.formula}) differ in their molecule "
            "or atom order: give test frames of the same molecule in the same atom order."
        )
    common = set(frames.frame_hashes) & set(test.frame_hashes)
    if common:
        raise DataError(
            f"{len(common)} frames of the test file {entry.test_file} are also in {entry.path}, where they may be "
            "trained on: remove them from one of the files, or leave out the test file."
        )
