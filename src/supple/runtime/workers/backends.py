"""Backends: where trainings run; on this machine, on a cluster with Slurm, or on the workers of a running Dask scheduler.

A backend opens a `Cluster`, to which tasks are dispatched. Each training runs in a process of its own; on this machine this
process starts and follows it, elsewhere a Dask worker.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from supple.errors import SettingsError
from supple.runtime.jit.cache import shared_cache
from supple.runtime.machine import available_memory, cores
from supple.runtime.optional_dependencies import extra, require_extra
from supple.runtime.progress import Progress
from supple.runtime.workers.capacity import Capacity, MachineCapacity, SlotCapacity
from supple.runtime.workers.cluster import Cluster
from supple.runtime.workers.dask_cluster import DaskCluster
from supple.runtime.workers.local_cluster import LocalCluster

if TYPE_CHECKING:
    from distributed import Client

#: Part of the available memory that trainings may take together.
_MEMORY_FRACTION = 0.9
#: Seconds within which a scheduler must answer.
_TIMEOUT = 20


@runtime_checkable
class Backend(Protocol):
    """Where trainings run."""

    def capacity(self) -> Capacity | None:
        """How much will be able to run at the same time; None where that is unknown before the backend is opened."""

    def open(self, n_tasks: int, folder: Path, progress: Progress) -> AbstractContextManager[Cluster]:
        """Workers for `n_tasks` tasks.

        Args:
            n_tasks: the largest number of tasks that can run at a time.
            folder: of the study or search, for files that workers need.
            progress: receives notes.

        Raises:
            SettingsError: there are no workers.
        """


@dataclass(frozen=True)
class LocalBackend:
    """The machine that this runs on, with at most `jobs` trainings at a time; when None, as many as cores and memory allow."""

    jobs: int | None = None

    @property
    def in_process(self) -> bool:
        """Whether tasks run one after another in this process, without workers."""
        return self.jobs == 1

    def capacity(self) -> MachineCapacity:
        """Its cores and its available memory."""
        return MachineCapacity(cores(), int(_MEMORY_FRACTION * available_memory()), self.jobs or cores())

    @contextmanager
    def open(self, n_tasks: int, folder: Path, progress: Progress) -> Iterator[Cluster]:
        """Processes that end with this one, however that ends."""
        with shared_cache():
            yield LocalCluster(self.capacity())


@dataclass(frozen=True)
class SchedulerBackend:
    """The workers of a running Dask scheduler, which see the same folders under the same paths."""

    address: str

    def capacity(self) -> None:
        """Unknown before the scheduler has answered."""

    @contextmanager
    def open(self, n_tasks: int, folder: Path, progress: Progress) -> Iterator[Cluster]:
        """A client of the scheduler."""
        with extra("slurm", "Dask", f"--on {self.address}"):
            from distributed import Client

        try:
            client = Client(self.address, timeout=_TIMEOUT)
        except (OSError, ValueError) as error:
            raise SettingsError(
                f"No Dask scheduler answers at {self.address}: start one there, or correct --on."
            ) from error
        with client:
            if not client.nthreads():
                raise SettingsError(f"The Dask scheduler at {self.address} has no workers: start some (dask worker).")
            if not self.address.startswith("tls://"):
                progress.note(
                    f"The connection to {self.address} is not encrypted, and whoever reaches that scheduler can run programs "
                    "in your name: use it only in a network that you trust, or start it with TLS (tls://)."
                )
            capacity = SlotCapacity(lambda: sum(client.nthreads().values()), _threads_per_slot(client))
            with DaskCluster(client, capacity).listening() as cluster:
                yield cluster


def _threads_per_slot(client: Client) -> int:
    """The cores of a machine divided by the slots of all workers on it; the least over all machines."""
    slots: dict[str, int] = {}
    workers: dict[str, Any] = client.scheduler_info(n_workers=-1)["workers"]
    for worker in workers.values():
        slots[worker["host"]] = slots.get(worker["host"], 0) + worker["nthreads"]
    cores_of = client.run(cores)
    return max(min(cores_of[address] // slots[worker["host"]] for address, worker in workers.items()), 1)


def backend_from(text: str | None, jobs: int | None = None) -> Backend:
    """The backend that a text names: None for this machine, `slurm:FILE.yaml`, or a scheduler's address (`tcp://host:8786`).

    Raises:
        SettingsError: it names no backend, or its file cannot be used.
    """
    if text is None:
        return LocalBackend(jobs)
    if jobs is not None:
        raise SettingsError("--jobs is for trainings on this machine: leave it out, or leave out --on.")
    kind, _, rest = text.partition(":")
    if kind == "slurm":
        packages = {"distributed": "Dask", "dask_jobqueue": "dask-jobqueue", "cryptography": "cryptography"}
        require_extra("slurm", packages, f"--on {text}")
        from supple.runtime.workers.slurm import SlurmBackend

        return SlurmBackend.from_file(Path(rest))
    if kind in ("tcp", "tls", "ucx", "ws") and rest.startswith("//"):
        require_extra("slurm", {"distributed": "Dask"}, f"--on {text}")
        return SchedulerBackend(text)
    raise SettingsError(
        f"--on {text} is not a backend: give slurm:FILE.yaml, or the address of a Dask scheduler, such as tcp://host:8786."
    )
