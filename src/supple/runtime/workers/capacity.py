"""How many tasks run at the same time: on this machine by cores and memory, elsewhere by the slots of the workers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class Allocation:
    """The resources of one task.

    Attributes:
        threads: that it runs on.
        n_bytes: memory that it is expected to take.
    """

    threads: int
    n_bytes: int


@runtime_checkable
class Capacity(Protocol):
    """How much can run at the same time."""

    def allocate(self, n_bytes: int) -> Allocation:
        """The resources of a task that takes this much memory, regardless of other tasks."""

    def fits(self, allocations: list[Allocation]) -> bool:
        """Whether tasks with these resources can run at the same time; a single one always can."""


@dataclass(frozen=True)
class MachineCapacity:
    """Of one machine: no more threads than cores, no more memory than is available.

    A task runs on one core, beside others; where memory limits their number, each gets more cores.
    """

    cores: int
    n_bytes: int
    max_tasks: int

    def allocate(self, n_bytes: int) -> Allocation:
        """The cores, divided by the number of such tasks that fit into memory."""
        parallel = max(min(self.n_bytes // max(n_bytes, 1), self.cores, self.max_tasks), 1)
        return Allocation(self.cores // parallel, n_bytes)

    def fits(self, allocations: list[Allocation]) -> bool:
        """Whether there are enough cores and memory."""
        return len(allocations) <= 1 or (
            len(allocations) <= self.max_tasks
            and sum(one.threads for one in allocations) <= self.cores
            and sum(one.n_bytes for one in allocations) <= self.n_bytes
        )


@dataclass(frozen=True)
class SlotCapacity:
    """Of other machines, all alike: a task for each slot of their workers, present now or as soon as they start."""

    count: Callable[[], int]
    threads: int

    def allocate(self, n_bytes: int) -> Allocation:
        """A slot."""
        return Allocation(self.threads, n_bytes)

    def fits(self, allocations: list[Allocation]) -> bool:
        """Whether there are enough slots."""
        return len(allocations) <= max(self.count(), 1)
