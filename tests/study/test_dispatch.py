"""With real workers and processes."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from distributed import LocalCluster
from test_scheduling import Listener
from test_study_plan import plan

from supple.errors import SettingsError
from supple.runtime.workers.backends import LocalBackend, SchedulerBackend
from supple.study import run_study
from supple.study.scheduling import run_trainings

pytestmark = pytest.mark.slow

#: Long enough to be killed on the way.
SCHNET = {"schnet": {"steps": 4000, "features": 32, "interactions": 2, "validate_every": 1000, "cutoff": 4.0}}


def trainings() -> list[psutil.Process]:
    """The processes that train for this one."""
    children = psutil.Process().children(recursive=True)
    found = []
    for process in children:
        with contextlib.suppress(psutil.NoSuchProcess):  # it has ended, or was killed and not yet waited for
            if "supple.runtime.workers.subprocess_worker" in " ".join(process.cmdline()):
                found.append(process)
    return found


def gone(processes: list[psutil.Process], within: float = 15.0) -> bool:
    return not psutil.wait_procs(processes, timeout=within)[1]


def test_a_training_that_dies_takes_no_other_with_it(tmp_path: Path) -> None:
    out, diary = tmp_path / "out", tmp_path / "diary"
    settings = {"fake": {"diary": str(diary), "trouble_at": 10, "trouble": "death"}}
    run_trainings(plan(seeds=(0,), settings=settings), out, backend=LocalBackend(jobs=2))
    assert os.getpid() not in [json.loads(line)[2] for line in diary.read_text().splitlines()]
    assert (out / "cells/glycine-fake-n20-s0/result.json").exists()
    failure = json.loads((out / "cells/glycine-fake-n10-s0/failed.json").read_text())
    assert "exit code 9" in failure["message"]


def test_a_training_that_is_killed_again_and_again_is_given_up(tmp_path: Path) -> None:
    diary = tmp_path / "diary"
    settings = {"fake": {"diary": str(diary), "trouble_at": 10, "trouble": "kill"}}
    result = run_study(plan(seeds=(0,), settings=settings), tmp_path / "out", backend=LocalBackend(jobs=2)).results
    (failure,) = result.failures.values()
    assert "SIGKILL" in failure and "--jobs" in failure
    assert [json.loads(line)[1] for line in diary.read_text().splitlines()].count(10) == 3


def test_workers_and_trainings_that_are_killed_on_the_way_change_no_number(tmp_path: Path) -> None:
    class Killer(Listener):
        """Kills the worker of one training, and the process of another."""

        def __init__(self) -> None:
            super().__init__()
            self.killed: dict[str, int] = {}

        def step(self, task: str, done: float, total: float, detail: str = "") -> None:
            super().step(task, done, total, detail)
            if (
                task not in ("study", "estimate")
                and task not in self.killed
                and len(self.killed) < 2
                and 0.1 < done / total < 0.9
            ):
                process = next(iter(trainings()), None)
                if process is not None:
                    victim = process if self.killed else process.parent()
                    self.killed[task] = victim.pid
                    victim.send_signal(signal.SIGKILL)

    study = plan(models=("schnet",), settings=SCHNET)
    calm = run_study(study, tmp_path / "calm", backend=LocalBackend(jobs=2)).results
    killer = Killer()
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster:
        stormy = run_study(
            study, tmp_path / "stormy", killer, backend=SchedulerBackend(cluster.scheduler_address)
        ).results
    assert len(killer.killed) == 2
    assert not stormy.failures
    assert [row.value for row in stormy.rows] == [row.value for row in calm.rows]
    assert all(row.value is not None for row in calm.rows)


def test_an_interrupt_stops_the_workers_and_leaves_no_failure(tmp_path: Path) -> None:
    class Impatient(Listener):
        processes: tuple[psutil.Process, ...] = ()

        def step(self, task: str, done: float, total: float, detail: str = "") -> None:
            if task not in ("study", "estimate"):
                self.processes = self.processes or tuple(trainings())  # what was said meanwhile is heard after the stop
                raise KeyboardInterrupt

    study = plan(models=("schnet",), seeds=(0,), settings={"schnet": SCHNET["schnet"] | {"steps": 100_000}})
    listener = Impatient()
    with pytest.raises(KeyboardInterrupt):
        run_trainings(study, tmp_path, listener, LocalBackend(jobs=2))
    assert listener.processes and gone(list(listener.processes))
    assert not list(tmp_path.rglob("failed.json"))
    assert not list(tmp_path.rglob("result.json"))
    assert list(tmp_path.rglob("checkpoint.safetensors"))


def test_no_process_of_a_study_listens(tmp_path: Path) -> None:
    class Watcher(Listener):
        """Looks at the sockets of all processes at each step."""

        processes = 0
        listening: tuple[Any, ...] = ()

        def step(self, task: str, done: float, total: float, detail: str = "") -> None:
            this = psutil.Process()
            for process in (this, *this.children(recursive=True)):
                with contextlib.suppress(psutil.NoSuchProcess):
                    found = [one for one in process.net_connections() if one.status == psutil.CONN_LISTEN]
                    self.listening += tuple(found)
            self.processes = max(self.processes, len(trainings()))

    watcher = Watcher()
    before = [one for one in psutil.Process().net_connections() if one.status == psutil.CONN_LISTEN]
    settings = {"schnet": SCHNET["schnet"] | {"steps": 400, "validate_every": 100}}
    run_trainings(plan(models=("schnet",), settings=settings), tmp_path, watcher, LocalBackend(jobs=2))
    assert watcher.processes
    assert not [one for one in watcher.listening if one not in before]


def test_a_scheduler_that_runs_already_does_the_same(tmp_path: Path) -> None:
    with LocalCluster(n_workers=1, threads_per_worker=2, dashboard_address=":0") as cluster:
        listener = Listener()
        result = run_study(plan(), tmp_path, listener, SchedulerBackend(cluster.scheduler_address)).results
    (warning,) = [note for note in listener.notes if "not encrypted" in note]
    assert warning.startswith(f"The connection to {cluster.scheduler_address} is not encrypted, and whoever reaches")
    assert {row.status for row in result.rows} == {"done"}


def test_a_scheduler_that_does_not_answer_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("supple.runtime.workers.backends._TIMEOUT", 1)
    with pytest.raises(SettingsError, match=r"No Dask scheduler answers at tcp://127.0.0.1:9"):
        run_trainings(plan(), tmp_path, backend=SchedulerBackend("tcp://127.0.0.1:9"))


def test_a_study_whose_driver_is_killed_goes_on(tmp_path: Path, run_driver: Any) -> None:
    out = tmp_path / "out"
    driver = run_driver(out)
    begun = out / "cells"
    deadline = time.monotonic() + 180
    while not any(begun.glob("*schnet*/run.json")) and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(2)
    all_of_them = psutil.Process(driver.pid).children(recursive=True)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    assert all_of_them and gone(all_of_them, within=90)  # some may still be loading their libraries
    assert run_driver(out).wait(timeout=120) == 0
    assert len(list(out.rglob("result.json"))) == 4
