from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from test_study_plan import plan

from supple.errors import SettingsError
from supple.runtime.workers.backends import LocalBackend
from supple.study import run_study
from supple.study.scheduling import run_trainings

ONE_BY_ONE = LocalBackend(jobs=1)


def run(study: Any, out: Path, *listeners: Any) -> None:
    run_trainings(study, out, *listeners, backend=ONE_BY_ONE)


class Listener:
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.steps: list[tuple[str, float, float, str]] = []

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)

    def step(self, task: str, done: float, total: float, detail: str = "") -> None:
        self.steps.append((task, done, total, detail))


def trained(diary: Path) -> list[tuple[int, int]]:
    """Seed and size of every training that happened."""
    if not diary.exists():
        return []
    return [tuple(json.loads(line)[:2]) for line in diary.read_text().splitlines()]


def with_trouble(diary: Path, **values: Any) -> dict[str, dict[str, Any]]:
    return {"fake": {"diary": str(diary), **values}}


def test_a_study_that_is_done_trains_nothing_and_can_grow(tmp_path: Path) -> None:
    out, diary = tmp_path / "out", tmp_path / "diary"
    settings = with_trouble(diary)
    run(plan(settings=settings), out)
    assert trained(diary) == [(0, 10), (1, 10), (0, 20), (1, 20)]
    listener = Listener()
    run(plan(settings=settings), out, listener)
    assert len(trained(diary)) == 4
    assert "All 4 trainings are complete." in listener.notes
    result = run_study(plan(settings=settings, sizes=(30,), seeds=(0,)), out, backend=ONE_BY_ONE)
    assert trained(diary)[4:] == [(0, 30)]
    assert result.results.sizes("glycine") == [10, 20, 30]


def test_a_failure_is_recorded_and_tried_again(tmp_path: Path) -> None:
    out, diary, cure = tmp_path / "out", tmp_path / "diary", tmp_path / "cure"
    settings = with_trouble(diary, trouble_at=10, trouble="bug", cure=str(cure))
    result = run_study(plan(settings=settings), out, backend=ONE_BY_ONE)
    assert len(trained(diary)) == 4
    assert {cell.name for cell in result.results.failures} == {"glycine-fake-n10-s0", "glycine-fake-n10-s1"}
    assert set(result.results.failures.values()) == {"RuntimeError: something broke"}
    assert "Traceback" in (out / "cells/glycine-fake-n10-s0/failed.json").read_text()
    cure.touch()
    result = run_study(plan(settings=settings), out, backend=ONE_BY_ONE)
    assert trained(diary)[4:] == [(0, 10), (1, 10)]
    assert not result.results.failures
    assert {row.status for row in result.results.rows} == {"done"}


def test_a_failed_training_may_be_tried_with_other_settings(tmp_path: Path) -> None:
    out, diary = tmp_path / "out", tmp_path / "diary"
    one = plan(settings=with_trouble(diary, trouble_at=10, trouble="bug"), sizes=(10,), seeds=(0,))
    run(one, out)
    run(plan(settings=with_trouble(diary), sizes=(10,), seeds=(0,)), out)
    assert (out / "cells/glycine-fake-n10-s0/result.json").exists()


def test_an_interrupted_study_goes_on(tmp_path: Path) -> None:
    out, diary, cure = tmp_path / "out", tmp_path / "diary", tmp_path / "cure"
    settings = with_trouble(diary, trouble_at=20, trouble="interrupt", cure=str(cure))
    with pytest.raises(KeyboardInterrupt):
        run(plan(settings=settings), out)
    assert trained(diary) == [(0, 10), (1, 10), (0, 20)]
    assert not list(out.rglob("failed.json"))
    cure.touch()
    run(plan(settings=settings), out)
    assert trained(diary)[3:] == [(0, 20), (1, 20)]


def test_other_settings_in_the_same_folder_are_refused_before_anything_starts(tmp_path: Path) -> None:
    out, diary = tmp_path / "out", tmp_path / "diary"
    run(plan(settings=with_trouble(diary)), out)
    with pytest.raises(SettingsError, match=r"settings.error was 0.1, is now 0.5"):
        run(plan(settings=with_trouble(diary, error=0.5), sizes=(10, 30)), out)
    with pytest.raises(SettingsError, match=r"split.valid was 6, is now 3"):
        run(plan(settings=with_trouble(diary), valid=3), out)
    with pytest.raises(SettingsError, match="test frames: 12 before, 5 now"):
        run(plan(settings=with_trouble(diary), sizes=(30,), test=5), out)
    assert len(trained(diary)) == 4


def test_progress_has_one_line_for_each_training_and_one_for_the_study(tmp_path: Path) -> None:
    listener = Listener()
    run(plan(seeds=(0,)), tmp_path, listener)
    assert {step[0] for step in listener.steps} == {"estimate", "study", "glycine-fake-n10-s0", "glycine-fake-n20-s0"}
    assert ("glycine-fake-n10-s0", 1, 2, "epochs half-way") in listener.steps
    task, done, total, detail = listener.steps[-1]
    assert (task, detail) == ("study", "2 of 2 trainings") and done == total
    assert not any("a note from the training" in note for note in listener.notes)
    assert "a note from the training" in (tmp_path / "cells/glycine-fake-n10-s0/notes.txt").read_text()


def test_another_file_of_the_same_name_is_named(tmp_path: Path) -> None:
    run(plan(seeds=(0,)), tmp_path)
    with pytest.raises(SettingsError, match="glycine-fake-n10-s0 was trained on other data") as error:
        run(plan("other/Glycine.xyz", seeds=(0,)), tmp_path)
    assert "indices" not in str(error.value)
