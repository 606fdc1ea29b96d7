"""Where a study is computed: on this machine, on a cluster with Slurm, or by the workers of a Dask scheduler that runs already.

A place opens a `Crew`: a Dask client, and how much may run at the same time. Each training runs in a process of its own, which a Dask
worker starts and follows, so that workers stay small and are alike everywhere.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from supple.errors import SettingsError
from supple.runtime.machine import available_memory, cores
from supple.runtime.optional_dependencies import extra
from supple.runtime.workers.capacity import Crew, Machine, Room, Slots

if TYPE_CHECKING:
    from distributed import Client

#: Part of the free memory that trainings may take together.
_PART = 0.9
#: Seconds in which a scheduler must answer.
_PATIENCE = 20


@runtime_checkable
class Place(Protocol):
    """Where a study is computed."""

    def room(self) -> Room | None:
        """How much will be able to run at the same time; None where that is not known before it is opened."""

    def open(self, n_trainings: int) -> AbstractContextManager[Crew]:
        """Workers for so many trainings.

        Raises:
            SettingsError: there are none to be had.
        """


@dataclass(frozen=True)
class Here:
    """The machine that this runs on, with at most so many trainings at a time; as many as it has room for when None."""

    jobs: int | None = None

    def room(self) -> Machine:
        """Its cores and its free memory."""
        return Machine(cores(), int(_PART * available_memory()), self.jobs or cores())

    @contextmanager
    def open(self, n_trainings: int) -> Iterator[Crew]:
        """A local cluster; it ends with this process, however that ends."""
        with extra("study", "Dask", "Training side by side"):
            import dask
            from distributed import Client, LocalCluster

        room = self.room()
        # A worker with threads: each training has a process of its own anyway, and others would take cores and memory from it, as
        # would looking at the threads every 10 ms.
        with dask.config.set({"distributed.worker.profile.enabled": False}):
            cluster = LocalCluster(
                n_workers=1, threads_per_worker=min(room.at_most, room.cores, n_trainings), processes=False,
                memory_limit=None, dashboard_address=":0", silence_logs=logging.CRITICAL,
            )  # fmt: skip
        with cluster, Client(cluster) as client:
            yield Crew(client, room)


@dataclass(frozen=True)
class Scheduler:
    """The workers of a scheduler that runs already; they see the same folders under the same paths."""

    address: str

    def room(self) -> None:
        """Not known before it has answered."""

    @contextmanager
    def open(self, n_trainings: int) -> Iterator[Crew]:
        """A client of it."""
        with extra("study", "Dask", f"--on {self.address}"):
            from distributed import Client

        try:
            client = Client(self.address, timeout=_PATIENCE)
        except (OSError, ValueError) as error:
            raise SettingsError(
                f"No Dask scheduler answers at {self.address}: start one there, or correct --on."
            ) from error
        with client:
            if not client.nthreads():
                raise SettingsError(f"The Dask scheduler at {self.address} has no workers: start some (dask worker).")
            yield Crew(client, Slots(lambda: sum(client.nthreads().values()), _threads_each(client)))


def _threads_each(client: Client) -> int:
    """Cores of a machine, shared among the slots of all workers on it; of the machine with the fewest."""
    slots: dict[str, int] = {}
    workers: dict[str, Any] = client.scheduler_info(n_workers=-1)["workers"]
    for worker in workers.values():
        slots[worker["host"]] = slots.get(worker["host"], 0) + worker["nthreads"]
    known = client.run(cores)
    return max(min(known[address] // slots[worker["host"]] for address, worker in workers.items()), 1)


def place_of(text: str | None, jobs: int | None = None) -> Place:
    """The place that a text names: nothing, `slurm:FILE.yaml`, or a scheduler's address such as `tcp://host:8786`.

    Raises:
        SettingsError: it names none, or its file cannot be used.
    """
    if text is None:
        return Here(jobs)
    if jobs is not None:
        raise SettingsError("--jobs is for trainings on this machine: leave it out, or leave out --on.")
    kind, _, rest = text.partition(":")
    if kind == "slurm":
        from supple.runtime.workers.slurm import Slurm

        return Slurm.from_file(Path(rest))
    if kind in ("tcp", "tls", "ucx", "ws") and rest.startswith("//"):
        return Scheduler(text)
    raise SettingsError(
        f"--on {text} names no place: give slurm:FILE.yaml, or the address of a Dask scheduler, as tcp://host:8786."
    )
