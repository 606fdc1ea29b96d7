"""A cluster with Slurm: Dask submits jobs, each of which is a worker for one training at a time.

Whoever can connect to a Dask scheduler or worker can run programs as its user, and on a cluster that is everybody who is logged in.
So both speak TLS only, with a key that is made for this session and that only the user can read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError

from supple.errors import SettingsError, first_line
from supple.runtime.optional_dependencies import extra
from supple.runtime.progress import Progress
from supple.runtime.workers.capacity import SlotCapacity
from supple.runtime.workers.cluster import Cluster
from supple.runtime.workers.credentials import temporary_credentials
from supple.runtime.workers.dask_cluster import DaskCluster

#: Seconds before a job's time limit at which its worker stops; its training is resumed in another job.
_MARGIN = 120
#: Dask's server of pages, which it cannot do without, has none and can be reached from its own machine only.
_LOOPBACK = "127.0.0.1:0"
#: Trainings longer than a job's time limit lose their worker repeatedly: this many times before one counts as failed.
_ALLOWED_FAILURES = 100
_DASK = {"distributed.scheduler.allowed-failures": _ALLOWED_FAILURES, "distributed.scheduler.http.routes": []}


class SlurmBackend(BaseModel):
    """What to request from Slurm; the YAML file has these keys.

    Attributes:
        jobs: number of workers at a time, each of them a job.
        cores: per job; a training uses all of them.
        memory: per job, such as 16GB.
        time: limit of a job in Slurm's notation (2:00:00); a training that takes longer is resumed in the next job.
        partition, account: as in --partition and --account.
        gpus: per job.
        preamble: shell commands before the worker starts, such as `module load python` or `source venv/bin/activate`.
        options: further options of sbatch, such as --constraint=a100.
        python: the interpreter on the nodes; that of this process if left out.
        interface: network interface through which workers reach the scheduler, such as ib0.
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
    def from_file(cls, path: Path) -> SlurmBackend:
        """Read a YAML file.

        Raises:
            SettingsError: the file is missing, or a key or value is wrong.
        """
        try:
            # as text: YAML would read 4:00:00 as a number
            content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
        except FileNotFoundError as error:
            raise SettingsError(
                f"There is no file {path} with the requests to Slurm (--on slurm:FILE.yaml)."
            ) from error
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise SettingsError(f"{path} cannot be read as YAML ({first_line(error)}).") from error
        if not isinstance(content, dict):
            raise SettingsError(f"{path} has no keys: give at least jobs, as in 'jobs: 4'.")
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            if first["type"] == "extra_forbidden":
                raise SettingsError(
                    f"{path}: '{where}' is not a key; choose from {', '.join(cls.model_fields)}."
                ) from error
            raise SettingsError(f"{path}: {where}: {first['msg']}.") from error

    def capacity(self) -> SlotCapacity:
        """A training for each job."""
        return SlotCapacity(lambda: self.jobs, self.cores)

    @contextmanager
    def open(self, n_tasks: int, folder: Path, progress: Progress) -> Iterator[Cluster]:
        """Jobs that are submitted again when their time is over, until the study ends."""
        with extra("slurm", "Dask", "Training on Slurm"):
            from distributed import Client

        with self.cluster(folder) as cluster, Client(cluster) as client:
            n = min(self.jobs, n_tasks)
            cluster.adapt(minimum_jobs=n, maximum_jobs=n)
            with DaskCluster(client, self.capacity()).listening() as tasks:
                yield tasks

    @contextmanager
    def cluster(self, folder: Path) -> Iterator[Any]:
        """Dask's cluster, before any job is submitted; its `job_script()` is the script that is submitted to Slurm.

        Args:
            folder: for the credentials, while the cluster exists; the nodes must see it under the same path.

        Raises:
            SettingsError: dask-jobqueue or cryptography is not installed.
        """
        with extra("slurm", "dask-jobqueue", "Training on Slurm"):
            import dask
            from dask_jobqueue.slurm import SLURMCluster
        gpus = [f"--gres=gpu:{self.gpus}"] if self.gpus else []
        # Dask would run as many tasks at a time as there are cores; here one training uses them all.
        with dask.config.set(_DASK), temporary_credentials(folder) as credentials, SLURMCluster(
            cores=1, processes=1, job_cpu=self.cores, memory=self.memory, walltime=self.time, queue=self.partition, account=self.account,
            job_extra_directives=[*gpus, *self.options], job_script_prologue=list(self.preamble),
            worker_extra_args=["--lifetime", f"{max(_seconds(self.time) - _MARGIN, 60)}s", "--lifetime-stagger", "30s",
                               "--no-dashboard", "--dashboard-address", _LOOPBACK],
            job_name="supple-study", python=self.python, interface=self.interface,
            scheduler_options={"dashboard": False, "dashboard_address": _LOOPBACK},
            security=credentials,
        ) as cluster:  # fmt: skip
            yield cluster


def _seconds(time: str) -> int:
    """Seconds of a time in Slurm's notation: minutes, minutes:seconds, hours:minutes:seconds, days-hours[:minutes[:seconds]].

    Raises:
        SettingsError: it is not such a time.
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
        raise SettingsError(
            f"'{time}' is not a time that Slurm understands: write for instance 2:00:00 for two hours."
        ) from error
    return (hours * 60 + minutes) * 60 + seconds
