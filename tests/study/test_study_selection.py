"""One way of choosing frames in a study; studies from before there was a choice can be resumed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from test_scheduling import run, trained, with_trouble
from test_study_plan import plan

from supple.data.selection import SELECTIONS
from supple.errors import SettingsError, SplitError
from supple.study.plan import StudyPlan
from supple.study.study_data import prepare


@pytest.mark.parametrize("name", SELECTIONS.names)
def test_training_frames_are_nested_and_tested_on_the_same_frames(tmp_path: Path, name: str) -> None:
    splits = {job.cell.name: job.split() for job in prepare(plan(sizes=(30, 10, 20), select=name), tmp_path)}
    random = {job.cell.name: job.split() for job in prepare(plan(sizes=(20,)), tmp_path)}
    for seed in (0, 1):
        small, middle, large = (splits[f"glycine-fake-n{n}-s{seed}"] for n in (10, 20, 30))
        assert small.train == middle.train[:10] == large.train[:10]
        assert len(middle.train) == 20
        other = random[f"glycine-fake-n20-s{seed}"]
        assert (middle.valid, middle.test) == (other.valid, other.test)
        assert (set(middle.train) == set(other.train)) is (name == "random")


def test_a_study_grows_with_the_selection_that_it_began_with(tmp_path: Path) -> None:
    out, settings = tmp_path / "out", with_trouble(tmp_path / "diary")
    run(plan(settings=settings, select="farthest"), out)
    run(plan(settings=settings, select="farthest", sizes=(20, 30)), out)
    assert trained(tmp_path / "diary") == [(0, 10), (1, 10), (0, 20), (1, 20), (0, 30), (1, 30)]
    configuration = json.loads((out / "cells/glycine-fake-n30-s0/run.json").read_text())["configuration"]
    assert configuration["split"]["select"] == "farthest"


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        (
            {"sizes": (30,)},
            r"contains a study with --select farthest, now it is --select random: choose another folder",
        ),
        ({"sizes": (30,), "select": "energy"}, "contains a study with --select farthest, now it is --select energy"),
        (
            {"sizes": (30,), "select": "farthest", "blocks": 5},
            "contains a study with no --blocks, now it is --blocks 5",
        ),
        ({"sizes": (10,)}, r'split.select was "farthest", is now null'),
    ],
)
def test_another_choice_is_refused(tmp_path: Path, other: dict[str, Any], sentence: str) -> None:
    run(plan(sizes=(10,), select="farthest"), tmp_path)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    with pytest.raises(SettingsError, match=sentence):
        run(plan(**other), tmp_path)
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before


def test_a_study_from_before_there_was_a_choice_goes_on(tmp_path: Path) -> None:
    out, settings = tmp_path / "out", with_trouble(tmp_path / "diary")
    run(plan(settings=settings, sizes=(10,)), out)
    record = json.loads((out / "study.json").read_text())
    for old in record["plans"]:
        assert (old.pop("select"), old.pop("blocks")) == ("random", None)
    (out / "study.json").write_text(json.dumps(record))
    for file in out.rglob("run.json"):
        assert not {"select", "blocks"} & set(json.loads(file.read_text())["configuration"]["split"])
    run(plan(settings=settings), out)
    assert trained(tmp_path / "diary") == [(0, 10), (1, 10), (0, 20), (1, 20)]


def test_blocks_that_leave_too_few_frames_name_the_file(tmp_path: Path) -> None:
    with pytest.raises(
        SplitError, match=r"^Glycine\.xyz: 40 training frames were requested, but the blocks for training have only 37"
    ):
        prepare(plan(sizes=(40,), blocks=10), tmp_path)


def test_the_command_repeats_the_choice() -> None:
    assert " --select farthest --blocks 8 " in plan(select="farthest", blocks=8).command(Path("out"))
    assert "--select" not in plan().command(Path("out"))


def test_a_selection_that_does_not_exist() -> None:
    with pytest.raises(SettingsError, match="'fps' is not a way to choose training frames"):
        StudyPlan(datasets=plan().datasets, select="fps")
