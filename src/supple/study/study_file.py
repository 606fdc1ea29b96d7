"""study.json: the record of a study. A study grows: its trainings are those of all plans so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator, model_validator

from supple.data.units import Units
from supple.errors import SettingsError, SuppleError
from supple.models.provenance import PlainText
from supple.runtime.files import write_json
from supple.runtime.format_versions import Upgrade, upgrade_json
from supple.runtime.json_records import read_json
from supple.runtime.machine import versions
from supple.runtime.validation import Count, first_problem
from supple.study.plan import Cell, Name, StudyPlan
from supple.study.study_data import Job, StudyData

#: Of study.json. A change that older versions of Supple could not read increases it, and adds an upgrade.
FORMAT_VERSION = 1
#: By the version that they start from; what was added to version 1 over time has defaults.
UPGRADES: dict[int, Upgrade] = {}


class DatasetRecord(BaseModel):
    """The data about a dataset that a report needs, so that it is not read again.

    Attributes:
        file, test_file: names of the files.
        formula: Hill formula of the molecule.
        n_frames, n_valid, n_test: numbers of frames.
        n_duplicates: frames that equal an earlier one, which no training uses.
        sha256: fingerprint of the data.
        units: of the file.
        theory: the level of theory; empty where the file does not state it.
        findings: of the data check, each as `severity: sentence`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: PlainText
    test_file: PlainText | None
    formula: PlainText
    n_frames: Count
    n_valid: Count
    n_test: Count
    n_duplicates: Count
    sha256: str
    units: str
    theory: PlainText = ""
    findings: tuple[PlainText, ...] = ()

    @field_validator("units")
    @classmethod
    def _known(cls, units: str) -> str:
        Units.parse(units)
        return units

    @classmethod
    def of(cls, data: StudyData) -> DatasetRecord:
        """The record of data that were read."""
        frames, entry = data.frames, data.entry
        return cls(
            file=entry.path.name,
            test_file=entry.test_file.name if entry.test_file else None,
            formula=frames.formula,
            n_frames=len(frames),
            n_valid=data.n_valid,
            n_test=data.n_test,
            n_duplicates=len(frames.duplicates),
            sha256=frames.fingerprint,
            units=str(frames.source.units),
            theory=frames.source.theory or "",
            findings=tuple(f"{finding.severity}: {finding}" for finding in data.findings),
        )


class StudyRecord(BaseModel):
    """The content of study.json.

    Attributes:
        format_version: of the file.
        plans: in the order in which they were given.
        datasets: by name.
        cells: the trainings of all plans.
        versions: of the packages that the last plan was started with.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format_version: int = FORMAT_VERSION
    plans: tuple[StudyPlan, ...] = ()
    datasets: dict[Name, DatasetRecord] = {}
    cells: tuple[Cell, ...] = ()
    versions: dict[str, str] = {}

    @model_validator(mode="after")
    def _known_datasets(self) -> StudyRecord:
        for cell in self.cells:
            if cell.dataset not in self.datasets:
                raise ValueError(f"there is a training on '{cell.dataset}', but no such dataset")
        return self

    @property
    def models(self) -> list[str]:
        """Kinds of models, in the order in which they were requested."""
        return list(dict.fromkeys(model for plan in self.plans for model in plan.models))

    def cells_of(self, dataset: str) -> list[Cell]:
        """The trainings on one dataset."""
        return [cell for cell in self.cells if cell.dataset == dataset]

    def extended(self, plan: StudyPlan, jobs: Sequence[Job]) -> StudyRecord:
        """The record with another plan and its trainings."""
        return StudyRecord(
            plans=self.plans if plan in self.plans else (*self.plans, plan),
            datasets=self.datasets | {job.cell.dataset: DatasetRecord.of(job.data) for job in jobs},
            cells=tuple(sorted({*self.cells, *(job.cell for job in jobs)})),
            versions=versions(),
        )

    def to_json(self) -> dict[str, Any]:
        """As study.json has it."""
        return self.model_dump(mode="json") | {"cells": [asdict(cell) for cell in self.cells]}


def is_study(out: Path) -> bool:
    """Whether a folder is that of a study, even if its record is lost."""
    return (out / "study.json").is_file() or (out / "cells").is_dir()


def add_to_record(out: Path, plan: StudyPlan, jobs: Sequence[Job]) -> StudyRecord:
    """Add a plan to study.json.

    Raises:
        SettingsError: the study has results on one of the datasets with other validation or test frames, or its training
            frames are selected in another way.
    """
    record = read_record(out) if (out / "study.json").exists() else StudyRecord()
    _require_same_selection(out, record, plan)
    new = record.extended(plan, jobs)
    for name in dict.fromkeys(job.cell.dataset for job in jobs):
        _require_comparable(out, record, name, new.datasets[name])
    write_json(out / "study.json", new.to_json())
    return new


def _require_same_selection(out: Path, record: StudyRecord, plan: StudyPlan) -> None:
    """All frames of a study are selected in one way, so that its trainings differ in size, model and seed only."""
    for old in record.plans:
        for option, before, now in (("select", old.select, plan.select), ("blocks", old.blocks, plan.blocks)):
            if before != now:
                raise SettingsError(
                    f"{out} contains a study with {_option(option, before)}, now it is {_option(option, now)}: "
                    "choose another folder (--out) for another selection of frames, or delete that one."
                )


def _option(name: str, value: str | int | None) -> str:
    return f"no --{name}" if value is None else f"--{name} {value}"


def _require_comparable(out: Path, record: StudyRecord, dataset: str, new: DatasetRecord) -> None:
    """Models are compared on the same frames only: refuse others beside existing results."""
    old = record.datasets.get(dataset)
    if old is None or not any((out / "cells" / c.name / "result.json").exists() for c in record.cells_of(dataset)):
        return
    for what, before, now in (
        ("validation frames", old.n_valid, new.n_valid),
        ("test frames", old.n_test, new.n_test),
        ("the data's SHA-256", old.sha256[:12], new.sha256[:12]),
    ):
        if before != now:
            raise SettingsError(
                f"{out} contains results on {dataset} that cannot be compared with these ({what}: {before} before, {now} "
                "now): choose another folder (--out), or delete that one."
            )


def read_record(out: Path) -> StudyRecord:
    """Read study.json; one of an older format version is upgraded.

    Raises:
        SettingsError: it is missing, damaged, or of a newer format version.
    """
    file = out / "study.json"
    try:
        content = read_json(file)
    except FileNotFoundError as error:
        raise SettingsError(f"{out} is not the folder of a study: it has no study.json.") from error
    except (OSError, ValueError) as error:
        raise _damaged(file, str(error)) from error
    if not isinstance(content, dict):
        raise _damaged(file, "it is not a JSON object")
    content = upgrade_json(content, FORMAT_VERSION, UPGRADES, str(file))
    try:
        return StudyRecord.model_validate(content)
    except ValidationError as error:
        raise _damaged(file, first_problem(error)) from error
    except SuppleError as error:  # of a plan that cannot be one
        raise _damaged(file, str(error).rstrip(".")) from error


def _damaged(file: Path, reason: str) -> SettingsError:
    return SettingsError(
        f"{file} is damaged ({reason}): delete it and run the command again; completed trainings are kept."
    )
