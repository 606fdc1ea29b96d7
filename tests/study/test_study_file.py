"""study.json: its version is checked when it is read; older ones are upgraded, newer ones refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_scheduling import run
from test_study_plan import plan

from supple.errors import SettingsError
from supple.study import study_file
from supple.study.study_file import FORMAT_VERSION, StudyRecord, read_record


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """The folder of a study."""
    run(plan(sizes=(10,), seeds=(0,)), tmp_path)
    return tmp_path


def change(out: Path, **values: object) -> None:
    content = json.loads((out / "study.json").read_text()) | values
    (out / "study.json").write_text(json.dumps(content))


def test_the_present_version_is_read_as_it_was_written(out: Path) -> None:
    content = json.loads((out / "study.json").read_text())
    assert content["format_version"] == FORMAT_VERSION
    assert read_record(out).to_json() == content


def test_a_file_of_version_1_is_still_read(tmp_path: Path) -> None:
    """As the first version wrote it, before datasets had a theory and findings, and plans a selection."""
    dataset = {
        "file": "Glycine.xyz",
        "test_file": None,
        "formula": "C2H5NO2",
        "n_frames": 60,
        "n_valid": 6,
        "n_test": 12,
    }
    dataset |= {"n_duplicates": 0, "sha256": "0" * 64, "units": "energy=eV,length=Å,forces=eV/Å"}
    old = {
        "format_version": 1,
        "plans": [
            {"datasets": [{"path": "Glycine.xyz", "name": "glycine"}], "models": ["fake"], "sizes": [10], "seeds": [0]}
        ],
        "datasets": {"glycine": dataset},
        "cells": [{"dataset": "glycine", "model": "fake", "n_train": 10, "seed": 0}],
        "versions": {},
    }
    (tmp_path / "study.json").write_text(json.dumps(old))
    record = read_record(tmp_path)
    assert record.models == ["fake"]
    assert record.plans[0].select == "random"
    assert record.datasets["glycine"].findings == ()


def test_a_newer_version_is_refused_and_left_alone(out: Path) -> None:
    change(out, format_version=FORMAT_VERSION + 1, something="new")
    before = (out / "study.json").read_bytes()
    with pytest.raises(
        SettingsError, match=r"study\.json was written by a newer version of Supple: it has format version 2"
    ):
        run(plan(sizes=(10, 20), seeds=(0,)), out)
    assert (out / "study.json").read_bytes() == before


def test_an_older_version_is_upgraded(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it will be when there is a second version, in which `cells` got another name."""
    content = json.loads((out / "study.json").read_text())
    cells = content.pop("cells")
    (out / "study.json").write_text(json.dumps(content | {"trainings": cells}))
    monkeypatch.setattr(study_file, "FORMAT_VERSION", 2)
    monkeypatch.setattr(study_file, "UPGRADES", {1: lambda old: {"cells": old.pop("trainings")} | old})
    assert [cell.name for cell in read_record(out).cells] == ["glycine-fake-n10-s0"]


@pytest.mark.parametrize("content", ["{", "[]", '{"format_version": 1, "cells": 3}', '{"format_version": 1, "new": 3}'])
def test_a_damaged_file_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "study.json").write_text(content)
    with pytest.raises(SettingsError, match=r"study\.json is damaged \(.+\): delete it"):
        read_record(tmp_path)


def test_plans_are_added_to_a_record(out: Path) -> None:
    record = read_record(out)
    run(plan(sizes=(20,), seeds=(0,)), out)
    grown = read_record(out)
    assert [one.sizes for one in grown.plans] == [(10,), (20,)]
    assert set(record.cells) < set(grown.cells)
    assert StudyRecord().cells == ()
