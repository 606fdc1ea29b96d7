from __future__ import annotations

from pathlib import Path

import pytest
from test_study_plan import plan

from supple.runtime.workers.backends import LocalBackend
from supple.study.cost_estimate import STARTUP_SECONDS
from supple.study.scheduling import make_schedule, run_trainings


def test_a_plan_is_estimated_and_nothing_is_written(tmp_path: Path) -> None:
    estimate = make_schedule(plan(), tmp_path / "out", backend=LocalBackend(jobs=1)).total
    assert [(group.n_train, group.remaining, group.complete) for group in estimate.groups] == [(10, 2, 0), (20, 2, 0)]
    assert estimate.parallel == 1
    work = sum(group.remaining * group.cost.seconds for group in estimate.groups)
    assert work == pytest.approx(4 * STARTUP_SECONDS + 2 * 0.01 + 2 * 0.02)
    assert "4 trainings to run: at most 16 s on one core" in estimate.sentence()
    assert not (tmp_path / "out").exists()


def test_what_is_done_is_not_counted_again(tmp_path: Path) -> None:
    run_trainings(plan(sizes=(10,)), tmp_path, backend=LocalBackend(jobs=1))
    estimate = make_schedule(plan(), tmp_path).total
    assert [(group.n_train, group.remaining, group.complete) for group in estimate.groups] == [(10, 0, 2), (20, 2, 0)]
    assert estimate.sentence().startswith("2 trainings to run (2 complete): ")
    run_trainings(plan(), tmp_path, backend=LocalBackend(jobs=1))
    assert make_schedule(plan(), tmp_path).total.sentence() == "All 4 trainings are complete."


def test_cheap_trainings_come_first(tmp_path: Path) -> None:
    left = make_schedule(plan(sizes=(30, 10, 20), settings={"fake": {}}), tmp_path).remaining
    assert [job.cell.n_train for job in left] == [10, 10, 20, 20, 30, 30]
