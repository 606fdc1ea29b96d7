from __future__ import annotations

from pathlib import Path

import pytest

from supple.errors import SettingsError
from supple.runtime.workers.backends import LocalBackend, SchedulerBackend, backend_from
from supple.runtime.workers.capacity import Allocation, MachineCapacity, SlotCapacity
from supple.runtime.workers.slurm import SlurmBackend, _seconds

GB = 10**9


def test_a_machine_gives_each_training_a_core_while_memory_lasts() -> None:
    machine = MachineCapacity(cores=8, n_bytes=32 * GB, max_tasks=8)
    assert machine.allocate(1 * GB) == Allocation(1, 1 * GB)
    assert machine.allocate(10 * GB) == Allocation(2, 10 * GB)  # three at a time
    assert machine.allocate(100 * GB).threads == 8  # refused where it is trained, if it does not fit
    assert MachineCapacity(8, 32 * GB, max_tasks=2).allocate(GB).threads == 4


def test_a_machine_is_never_oversubscribed() -> None:
    machine = MachineCapacity(cores=4, n_bytes=10 * GB, max_tasks=4)
    small, large = machine.allocate(1 * GB), machine.allocate(8 * GB)
    assert machine.fits([small] * 4)
    assert not machine.fits([small] * 5)
    assert large.threads == 4
    assert machine.fits([large])
    assert not machine.fits([large, small])  # all cores are taken
    assert not machine.fits([Allocation(1, 6 * GB), Allocation(1, 6 * GB)])
    assert not MachineCapacity(4, 10 * GB, max_tasks=2).fits([small] * 3)
    assert machine.fits([Allocation(1, 20 * GB)])  # one alone always may try


def test_slots_follow_the_workers() -> None:
    workers = [1]
    capacity = SlotCapacity(lambda: len(workers), threads=3)
    assert capacity.allocate(GB) == Allocation(3, GB)
    assert not capacity.fits([capacity.allocate(GB)] * 2)
    workers.append(2)
    assert capacity.fits([capacity.allocate(GB)] * 2)


def test_backends_are_given_as_text(tmp_path: Path) -> None:
    assert backend_from(None, 3) == LocalBackend(3)
    assert backend_from("tcp://node7:8786") == SchedulerBackend("tcp://node7:8786")
    file = tmp_path / "cluster.yaml"
    file.write_text("jobs: 4\npartition: gpu\n")
    assert backend_from(f"slurm:{file}") == SlurmBackend(jobs=4, partition="gpu")
    for text in ("mars", "tcp:node7", "ssh://node7"):
        with pytest.raises(SettingsError, match="is not a backend"):
            backend_from(text)
    with pytest.raises(SettingsError, match="--jobs is for"):
        backend_from("tcp://node7:8786", 2)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("jobs: 4\nqueue: gpu\n", "'queue' is not a key; choose from jobs"),
        ("cores: 4\n", "jobs: Field required"),
        ("jobs: none\n", "jobs: Input should be a valid integer"),
        ("- a\n", "has no keys"),
        ("a: [\n", "cannot be read as YAML"),
    ],
)
def test_a_file_for_slurm_that_is_wrong_is_refused(tmp_path: Path, content: str, sentence: str) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_text(content)
    with pytest.raises(SettingsError, match=sentence) as error:
        SlurmBackend.from_file(file)
    assert str(file) in str(error.value)


def test_a_file_for_slurm_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no file"):
        SlurmBackend.from_file(tmp_path / "cluster.yaml")


@pytest.mark.parametrize(
    ("text", "seconds"), [("30", 1800), ("10:30", 630), ("2:00:00", 7200), ("1-12", 129600), ("1-0:30", 88200)]
)
def test_times_are_read_as_slurm_writes_them(text: str, seconds: int) -> None:
    assert _seconds(text) == seconds


def test_what_is_not_a_time_is_refused() -> None:
    with pytest.raises(SettingsError, match="not a time that Slurm understands"):
        _seconds("two hours")


def test_the_job_script_asks_for_what_the_file_says(tmp_path: Path) -> None:
    pytest.importorskip("dask_jobqueue")
    pytest.importorskip("cryptography")
    file = tmp_path / "cluster.yaml"
    file.write_text(
        "jobs: 3\ncores: 8\nmemory: 16GB\ntime: 4:00:00\npartition: gpu\naccount: chem\ngpus: 2\n"
        "preamble: [module load python, source venv/bin/activate]\noptions: [--constraint=a100]\npython: /opt/python\n"
    )
    with SlurmBackend.from_file(file).cluster(tmp_path) as cluster:
        lines = cluster.job_script().splitlines()
    directives = {line.removeprefix("#SBATCH ") for line in lines if line.startswith("#SBATCH")}
    assert {
        "-p gpu",
        "-A chem",
        "--cpus-per-task=8",
        "--mem=15G",
        "-t 4:00:00",
        "--gres=gpu:2",
        "--constraint=a100",
    } <= directives
    worker = next(line for line in lines if "dask_worker" in line)
    assert lines.index("module load python") < lines.index("source venv/bin/activate") < lines.index(worker)
    assert worker.startswith("/opt/python -m distributed.cli.dask_worker tls://")
    assert "--nthreads 1 " in worker  # a training at a time, which has all cores
    assert "--lifetime 14280s" in worker
