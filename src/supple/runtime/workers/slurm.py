"""A cluster with Slurm: Dask asks it for jobs, each of which is a worker for one training at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError

from supple.errors import SettingsError
from supple.runtime.optional_dependencies import extra
from supple.runtime.workers.capacity import Crew, Slots

#: Seconds before the end of a job's time at which its worker stops, and its training goes on in another job.
_EARLY = 120
#: Trainings longer than a job's time lose their worker again and again: that many times before one counts as failed.
_PATIENCE = 100


class Slurm(BaseModel):
    """What is asked of Slurm; the YAML file has these keys.

    Attributes:
        jobs: workers at a time, each a job of its own.
        cores: of a job; a training runs on all of them.
        memory: of a job, as in 16GB.
        time: limit of a job, as Slurm writes it (2:00:00); a training that takes longer goes on in the next one.
        partition, account: as in --partition and --account.
        gpus: of a job.
        preamble: lines of the shell before the worker starts, as `module load python` or `source venv/bin/activate`.
        options: more options of sbatch, as --constraint=a100.
        python: the interpreter there; that of this process if left out.
        interface: network interface that workers reach the scheduler by, as ib0.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    jobs: PositiveInt
    cores: PositiveInt = 1
    memory: str = "4GB"
    time: str = "1:00:00"
    partition: str | None = None
    account: str | None = None
    gpus: int = Field(0, ge=0)
    preamble: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    python: str | None = None
    interface: str | None = None

    @classmethod
    def from_file(cls, path: Path) -> Slurm:
        """Read a YAML file.

        Raises:
            SettingsError: there is none, or a key or value is wrong.
        """
        try:
            # as text: YAML would take 4:00:00 for a number
            content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
        except FileNotFoundError as error:
            raise SettingsError(
                f"There is no file {path} that says what to ask of Slurm (--on slurm:FILE.yaml)."
            ) from error
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise SettingsError(f"{path} cannot be read as YAML ({str(error).splitlines()[0]}).") from error
        if not isinstance(content, dict):
            raise SettingsError(f"{path} has no keys: give at least jobs, as in 'jobs: 4'.")
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            if first["type"] == "extra_forbidden":
                raise SettingsError(
                    f"{path}: '{where}' is not known; choose from {', '.join(cls.model_fields)}."
                ) from error
            raise SettingsError(f"{path}: {where}: {first['msg']}.") from error

    def room(self) -> Slots:
        """A training for each job."""
        return Slots(lambda: self.jobs, self.cores)

    @contextmanager
    def open(self, n_trainings: int) -> Iterator[Crew]:
        """Jobs that are asked for again when their time is over, until the study ends."""
        with extra("slurm", "Dask", "Training on Slurm"):
            import dask
            from distributed import Client

        with dask.config.set({"distributed.scheduler.allowed-failures": _PATIENCE}), self.cluster() as cluster:
            n = min(self.jobs, n_trainings)
            cluster.adapt(minimum_jobs=n, maximum_jobs=n)
            with Client(cluster) as client:
                yield Crew(client, self.room())

    def cluster(self) -> Any:
        """Dask's cluster; no job is asked for yet. `job_script()` of it is the text that Slurm gets.

        Raises:
            SettingsError: dask-jobqueue is not installed.
        """
        with extra("slurm", "dask-jobqueue", "Training on Slurm"):
            from dask_jobqueue.slurm import SLURMCluster
        gpus = [f"--gres=gpu:{self.gpus}"] if self.gpus else []
        # Dask would run as many tasks at a time as there are cores. Here one training has them all.
        return SLURMCluster(
            cores=1, processes=1, job_cpu=self.cores, memory=self.memory, walltime=self.time, queue=self.partition, account=self.account,
            job_extra_directives=[*gpus, *self.options], job_script_prologue=list(self.preamble),
            worker_extra_args=["--lifetime", f"{max(_seconds(self.time) - _EARLY, 60)}s", "--lifetime-stagger", "30s"],
            job_name="supple-study", python=self.python, interface=self.interface,
            scheduler_options={"dashboard_address": ":0"},
        )  # fmt: skip


def _seconds(time: str) -> int:
    """Of a time as Slurm writes it: minutes, minutes:seconds, hours:minutes:seconds, days-hours[:minutes[:seconds]].

    Raises:
        SettingsError: it is none.
    """
    days, dash, rest = time.rpartition("-")
    parts = rest.split(":")
    try:
        numbers = [int(part) for part in parts]
        if dash:
            hours, minutes, seconds = [*numbers, 0, 0][:3]
            return ((int(days) * 24 + hours) * 60 + minutes) * 60 + seconds
        hours, minutes, seconds = {1: [0, *numbers, 0], 2: [0, *numbers], 3: numbers}[len(numbers)]
    except (ValueError, KeyError) as error:
        raise SettingsError(f"'{time}' is no time for Slurm: write for instance 2:00:00 for two hours.") from error
    return (hours * 60 + minutes) * 60 + seconds
