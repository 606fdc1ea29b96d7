"""Tasks on this machine, in real processes: nothing listens, and whatever ends a process is noticed."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psutil
import pytest
from example_tasks import Answer, DiskFull, EndOnce, Environment, Wait

from supple.runtime.progress import NO_PROGRESS
from supple.runtime.workers.capacity import MachineCapacity
from supple.runtime.workers.cluster import Cluster, TaskFailure
from supple.runtime.workers.dispatch import Dispatcher, QueuedTask
from supple.runtime.workers.local_cluster import LocalCluster
from supple.runtime.workers.subprocess_worker import Task

pytestmark = pytest.mark.slow  # each process imports torch


def cluster() -> LocalCluster:
    return LocalCluster(MachineCapacity(cores=2, n_bytes=10**9, max_tasks=2))


def outcomes(tasks: Iterable[Task], on: Cluster | None = None) -> dict[str, Any]:
    """What becomes of tasks, by their places."""
    ended: dict[str, Any] = {}
    queued = [QueuedTask(str(k), 1, lambda task=task: task) for k, task in enumerate(tasks)]  # type: ignore[misc]
    Dispatcher(on or cluster(), NO_PROGRESS, ended.__setitem__).run(queued)
    return ended


def wait_for(file: Path) -> None:
    deadline = time.monotonic() + 60
    while not file.exists():
        assert time.monotonic() < deadline, f"{file} never came"
        time.sleep(0.05)


def test_each_task_has_its_result(tmp_path: Path) -> None:
    assert outcomes([Answer(3), Answer(4), Answer(5)]) == {"0": 3, "1": 4, "2": 5}


def test_a_failure_of_the_machine_is_a_sentence() -> None:
    assert outcomes([DiskFull()]) == {
        "0": TaskFailure("model.safetensors: the disk is full; free some space, and run the command again.")
    }


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_task_whose_process_is_ended_by_others_is_started_again(tmp_path: Path, number: int) -> None:
    assert outcomes([EndOnce(tmp_path, number)]) == {"0": "resumed"}


def listening(processes: Iterable[psutil.Process]) -> set[tuple[str, int]]:
    """The addresses at which processes can be reached."""
    found = [c for process in processes for c in process.net_connections() if c.status == psutil.CONN_LISTEN]
    return {(c.laddr.ip, c.laddr.port) for c in found}


def test_nothing_listens_and_tasks_that_are_stopped_write_checkpoints(tmp_path: Path) -> None:
    this = psutil.Process()
    # other tests in this process may have left something
    before, others = listening([this]), set(this.children(recursive=True))
    workers = cluster()
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
        workers.start(folder.name, Wait(folder), 1)
    for folder in folders:
        wait_for(folder / "begun")
    tasks = set(this.children(recursive=True)) - others
    assert len(tasks) >= 2
    assert listening([this, *tasks]) <= before
    workers.stop()
    assert all((folder / "checkpoint").exists() for folder in folders)
    assert not set(this.children(recursive=True)) & tasks


@pytest.mark.parametrize("path", [None, "/of/the/user"])
def test_programs_that_a_task_starts_do_not_get_its_modules(monkeypatch: pytest.MonkeyPatch, path: str | None) -> None:
    """Some are in Python, and of another version."""
    if path is None:
        monkeypatch.delenv("PYTHONPATH", raising=False)
    else:
        monkeypatch.setenv("PYTHONPATH", path)
    assert outcomes([Environment("PYTHONPATH"), Environment("OMP_NUM_THREADS")]) == {"0": path, "1": "1"}
