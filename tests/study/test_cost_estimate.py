from __future__ import annotations

from pathlib import Path

import pytest
from test_study_plan import plan

from supple.runtime.workers.backends import Here
from supple.study.cost_estimate import _START
from supple.study.engine import foresee, run


def test_a_plan_says_what_it_will_take_and_writes_nothing(tmp_path: Path) -> None:
    outlook = foresee(plan(), tmp_path / "out", place=Here(jobs=1)).outlook
    assert [(line.n_train, line.left, line.done) for line in outlook.lines] == [(10, 2, 0), (20, 2, 0)]
    assert outlook.at_a_time == 1
    work = sum(line.left * line.forecast.seconds for line in outlook.lines)
    assert work == pytest.approx(4 * _START + 2 * 0.01 + 2 * 0.02)
    assert "4 trainings are to be done: 16 s of one core at most" in outlook.sentence()
    assert not (tmp_path / "out").exists()


def test_what_is_done_is_not_counted_again(tmp_path: Path) -> None:
    run(plan(sizes=(10,)), tmp_path, place=Here(jobs=1))
    outlook = foresee(plan(), tmp_path).outlook
    assert [(line.n_train, line.left, line.done) for line in outlook.lines] == [(10, 0, 2), (20, 2, 0)]
    assert outlook.sentence().startswith("2 trainings are to be done, 2 are done: ")
    run(plan(), tmp_path, place=Here(jobs=1))
    assert foresee(plan(), tmp_path).outlook.sentence() == "4 trainings are planned, and all are done."


def test_cheap_trainings_come_first(tmp_path: Path) -> None:
    left = foresee(plan(sizes=(30, 10, 20), settings={"fake": {}}), tmp_path).left
    assert [job.cell.n_train for job in left] == [10, 10, 20, 20, 30, 30]
