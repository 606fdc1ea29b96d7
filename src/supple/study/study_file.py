"""study.json: what has been asked of a study so far. A study grows: its trainings are those of all plans so far."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from supple.errors import SettingsError
from supple.runtime.files import write_json
from supple.runtime.machine import versions
from supple.study.plan import Cell, StudyPlan
from supple.study.study_data import Job


class DatasetRecord(BaseModel):
    """What a report needs to know of a dataset without reading it again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str
    test_file: str | None
    formula: str
    n_frames: int
    n_valid: int
    n_test: int
    #: Frames that are the same as an earlier one: they may stand in training and test alike.
    n_duplicates: int
    sha256: str
    units: str
    #: The level of theory; empty where the file does not state it.
    theory: str = ""
    #: What was found in the data, as `severity: sentence; remedy.`
    findings: tuple[str, ...] = ()


class Record(BaseModel):
    """The content of study.json."""

    model_config = ConfigDict(extra="forbid")

    format_version: int = 1
    plans: list[StudyPlan] = Field(default_factory=list)
    datasets: dict[str, DatasetRecord] = Field(default_factory=dict)
    cells: list[Cell] = Field(default_factory=list)
    versions: dict[str, str] = Field(default_factory=dict)

    @property
    def models(self) -> list[str]:
        """Kinds of models, in the order in which they were asked for."""
        return list(dict.fromkeys(model for plan in self.plans for model in plan.models))

    def cells_of(self, dataset: str) -> list[Cell]:
        """The trainings on one dataset."""
        return [cell for cell in self.cells if cell.dataset == dataset]


def add_to_record(out: Path, plan: StudyPlan, jobs: Sequence[Job]) -> Record:
    """Write a plan into study.json, beside the plans that are there.

    Raises:
        SettingsError: the study has results on one of the datasets with other frames for validation or testing, or its
            training frames are chosen in another way.
    """
    record = read_record(out) if (out / "study.json").exists() else Record()
    _require_same_choice(out, record, plan)
    if plan not in record.plans:
        record.plans.append(plan)
    for job in jobs:
        material = job.material
        new = DatasetRecord(
            file=material.entry.path.name,
            test_file=material.entry.test_file.name if material.entry.test_file else None,
            formula=material.data.formula,
            n_frames=len(material.data),
            n_valid=material.n_valid,
            n_test=material.n_test,
            n_duplicates=len(material.data) - len(set(material.data.frame_hashes)),
            sha256=material.data.fingerprint,
            units=str(material.data.source.units),
            theory=material.data.source.theory or "",
            findings=tuple(f"{finding.severity}: {finding}" for finding in material.findings),
        )
        _require_comparable(out, record, job.cell.dataset, new)
        record.datasets[job.cell.dataset] = new
    record.cells = sorted({*record.cells, *(job.cell for job in jobs)})
    record.versions = versions()
    content: dict[str, Any] = record.model_dump(mode="json") | {"cells": [asdict(cell) for cell in record.cells]}
    write_json(out / "study.json", content)
    return record


def _require_same_choice(out: Path, record: Record, plan: StudyPlan) -> None:
    """One way of choosing frames in a study: its sizes and models differ in nothing else."""
    for old in record.plans:
        for what, before, now in (("select", old.select, plan.select), ("blocks", old.blocks, plan.blocks)):
            if before != now:
                raise SettingsError(
                    f"{out} is a study with --{what} {before or 'left out'}, now it is {now or 'left out'}: "
                    "choose another folder (--out) for another choice of frames, or delete that one."
                )


def _require_comparable(out: Path, record: Record, dataset: str, new: DatasetRecord) -> None:
    """Models are compared on the same frames alone: refuse others beside results that are there."""
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
                f"{out} holds results on {dataset} that cannot be compared with these ({what}: {before} there, {now} "
                "now): choose another folder (--out), or delete that one."
            )


def read_record(out: Path) -> Record:
    """Read study.json.

    Raises:
        SettingsError: there is none, or it is damaged.
    """
    file = out / "study.json"
    try:
        return Record.model_validate(json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise SettingsError(f"{out} is not the folder of a study: it has no study.json.") from error
    except (OSError, ValueError, ValidationError) as error:
        raise SettingsError(
            f"{file} cannot be read as the record of a study: delete it to start the study anew; "
            "trainings that are done are kept."
        ) from error
