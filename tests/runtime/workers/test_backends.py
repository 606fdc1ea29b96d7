from __future__ import annotations

from pathlib import Path

import pytest

from supple.errors import SettingsError
from supple.runtime.workers.backends import Here, Scheduler, place_of
from supple.runtime.workers.capacity import Machine, Share, Slots
from supple.runtime.workers.slurm import Slurm, _seconds

GB = 10**9


def test_a_machine_gives_each_training_a_core_while_memory_lasts() -> None:
    machine = Machine(cores=8, n_bytes=32 * GB, at_most=8)
    assert machine.share(1 * GB) == Share(1, 1 * GB)
    assert machine.share(10 * GB) == Share(2, 10 * GB)  # three at a time
    assert machine.share(100 * GB).threads == 8  # refused where it is trained, if it does not fit
    assert Machine(8, 32 * GB, at_most=2).share(GB).threads == 4


def test_a_machine_is_never_oversubscribed() -> None:
    machine = Machine(cores=4, n_bytes=10 * GB, at_most=4)
    small, large = machine.share(1 * GB), machine.share(8 * GB)
    assert machine.holds([small] * 4)
    assert not machine.holds([small] * 5)
    assert large.threads == 4
    assert machine.holds([large])
    assert not machine.holds([large, small])  # all cores are taken
    assert not machine.holds([Share(1, 6 * GB), Share(1, 6 * GB)])
    assert not Machine(4, 10 * GB, at_most=2).holds([small] * 3)
    assert machine.holds([Share(1, 20 * GB)])  # one alone always may try


def test_slots_follow_the_workers() -> None:
    workers = [1]
    room = Slots(lambda: len(workers), threads=3)
    assert room.share(GB) == Share(3, GB)
    assert not room.holds([room.share(GB)] * 2)
    workers.append(2)
    assert room.holds([room.share(GB)] * 2)


def test_places_are_named_in_words(tmp_path: Path) -> None:
    assert place_of(None, 3) == Here(3)
    assert place_of("tcp://node7:8786") == Scheduler("tcp://node7:8786")
    file = tmp_path / "cluster.yaml"
    file.write_text("jobs: 4\npartition: gpu\n")
    assert place_of(f"slurm:{file}") == Slurm(jobs=4, partition="gpu")
    for text in ("mars", "tcp:node7", "ssh://node7"):
        with pytest.raises(SettingsError, match="names no place"):
            place_of(text)
    with pytest.raises(SettingsError, match="--jobs is for"):
        place_of("tcp://node7:8786", 2)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("jobs: 4\nqueue: gpu\n", "'queue' is not known; choose from jobs"),
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
        Slurm.from_file(file)
    assert str(file) in str(error.value)


def test_a_file_for_slurm_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no file"):
        Slurm.from_file(tmp_path / "cluster.yaml")


@pytest.mark.parametrize(
    ("text", "seconds"), [("30", 1800), ("10:30", 630), ("2:00:00", 7200), ("1-12", 129600), ("1-0:30", 88200)]
)
def test_times_are_read_as_slurm_writes_them(text: str, seconds: int) -> None:
    assert _seconds(text) == seconds


def test_a_time_that_is_none_is_refused() -> None:
    with pytest.raises(SettingsError, match="no time for Slurm"):
        _seconds("two hours")


def test_the_job_script_asks_for_what_the_file_says(tmp_path: Path) -> None:
    pytest.importorskip("dask_jobqueue")
    file = tmp_path / "cluster.yaml"
    file.write_text(
        "jobs: 3\ncores: 8\nmemory: 16GB\ntime: 4:00:00\npartition: gpu\naccount: chem\ngpus: 2\n"
        "preamble: [module load python, source venv/bin/activate]\noptions: [--constraint=a100]\npython: /opt/python\n"
    )
    with Slurm.from_file(file).cluster() as cluster:
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
    assert worker.startswith("/opt/python -m distributed.cli.dask_worker tcp://")
    assert "--nthreads 1 " in worker  # a training at a time, which has all cores
    assert "--lifetime 14280s" in worker
