"""The data and settings of a study, read and checked before anything is trained."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from supple.checks import Finding, examine, require_accepted, require_names
from supple.data.dataset import Dataset
from supple.data.selection import split_dataset
from supple.data.splits import Split
from supple.errors import DataError, SplitError
from supple.models.kernel.direct_fit import small_kernel_model
from supple.models.registry import make_settings
from supple.models.settings import ModelSettings
from supple.study.plan import Cell, DatasetEntry, StudyPlan
from supple.training import Training, run_configuration

VALID, VALID_PART = 200, 10
TEST, TEST_PART = 2000, 5


@dataclass(frozen=True)
class Material:
    """One dataset of a study: its frames, its separate test frames if any, how many validate and test, what was found."""

    entry: DatasetEntry
    data: Dataset
    test: Dataset | None
    n_valid: int
    n_test: int
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Job:
    """A cell with all that its training needs.

    Attributes:
        cell, settings, material, directory: what to train on what, and where.
        largest: the split of the largest training on the same data with the same seed. Smaller ones are its beginnings,
            so that training frames are chosen once for all sizes.
    """

    cell: Cell
    settings: ModelSettings
    material: Material
    directory: Path
    largest: Split

    def training(self) -> Training:
        """The training, with its frames.

        Raises:
            SplitError: a test frame equals a training or validation frame.
        """
        serious = [finding for finding in self.material.findings if finding.severity == "serious"]
        data, test = self.material.data, self.material.test
        common = self.directory.parent.parent / "common" / f"{self.cell.dataset}-s{self.cell.seed}"
        return Training.of(self.settings, data, self.split(), self.directory, serious, test=test, common=common)

    def frames(self) -> tuple[Dataset, Dataset]:
        """Training and validation frames."""
        split = self.split()
        return self.material.data.select(split.train), self.material.data.select(split.valid)

    def test_frames(self) -> Dataset:
        """Test frames: those of the test file, or those of the split."""
        return self.material.data.select(self.largest.test) if self.material.test is None else self.material.test

    def configuration(self) -> dict[str, Any]:
        """What the cell's run directory must agree with."""
        return run_configuration(self.settings, self.material.data, self.split(), self.material.test)

    def split(self) -> Split:
        """The frames of this cell; nested over the sizes of one seed, with the same validation and test frames."""
        return replace(self.largest, train=self.largest.train[: self.cell.n_train])


def prepare(plan: StudyPlan, out: Path) -> list[Job]:
    """Read the data and settings of a plan and refuse what cannot work, before anything starts.

    Raises:
        DataError: a file cannot be read or lacks what the selection goes by, or a test file shares frames with the data
            or holds another molecule.
        SettingsError: a model or setting does not exist.
        SplitError: a size is larger than the data allow.
    """
    require_names(plan.accept)
    settings = {kind: make_settings(kind, plan.settings.get(kind, {})) for kind in plan.models}
    materials = {entry.name: _material(entry, plan) for entry in plan.datasets}
    largest = {
        (name, seed): _split(material, plan, seed) for name, material in materials.items() for seed in plan.seeds
    }
    return [
        Job(
            cell,
            settings[cell.model],
            materials[cell.dataset],
            out / "cells" / cell.name,
            largest[cell.dataset, cell.seed],
        )
        for cell in plan.cells()
    ]


def _split(material: Material, plan: StudyPlan, seed: int) -> Split:
    """The frames of the largest training."""
    own_test = 0 if material.test is not None else material.n_test
    try:
        return split_dataset(
            material.data, max(plan.sizes), material.n_valid, own_test, seed, select=plan.select, blocks=plan.blocks
        )
    except SplitError as error:  # there may be several files
        raise SplitError(f"{material.entry.path}: {error}") from error


def _material(entry: DatasetEntry, plan: StudyPlan) -> Material:
    from supple.data.reading import read

    data = read(entry.path, units=entry.units, keys=entry.keys)
    n_valid = plan.valid if plan.valid is not None else min(VALID, max(len(data) // VALID_PART, 1))
    test = None
    if entry.test_file is not None:
        test = read(entry.test_file, units=entry.units, keys=entry.keys)
        _require_foreign(data, test, entry)
        n_test = len(test)
    else:
        n_test = plan.test if plan.test is not None else min(TEST, max(len(data) // TEST_PART, 1))
    _require_enough(entry, len(data), n_valid, 0 if test is not None else n_test, plan)
    findings = examine(data, small_kernel_model)
    require_accepted(findings, plan.accept)
    return Material(entry, data, test, n_valid, n_test, tuple(findings))


def _require_enough(entry: DatasetEntry, n_frames: int, n_valid: int, n_test: int, plan: StudyPlan) -> None:
    left = n_frames - n_valid - n_test
    if max(plan.sizes) <= left:
        return
    kept = f"{n_valid} for validation" + (f" and {n_test} for testing" if n_test else "")
    advice = f"ask for at most {left} (--sizes)" if left > 0 else "ask for fewer of those (--valid, --test)"
    raise SplitError(
        f"{max(plan.sizes)} training frames were asked for, but {entry.path} has {n_frames} frames, of which {kept} "
        f"are kept: {advice}."
    )


def _require_foreign(data: Dataset, test: Dataset, entry: DatasetEntry) -> None:
    if data.numbers.tolist() != test.numbers.tolist():
        raise DataError(
            f"The test file {entry.test_file} holds {test.formula} in its atom order, {entry.path} {data.formula} in "
            "another: give test frames of the same molecule and atom order."
        )
    common = set(data.frame_hashes) & set(test.frame_hashes)
    if common:
        raise DataError(
            f"{len(common)} frames of the test file {entry.test_file} are also in {entry.path}, where they may be "
            "trained on: take them out of one of the files, or leave out the test file."
        )
