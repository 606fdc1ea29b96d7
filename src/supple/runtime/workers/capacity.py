"""How much may run at the same time: on this machine by cores and memory, elsewhere by the slots of the workers there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from distributed import Client


@dataclass(frozen=True)
class Share:
    """What a training gets, of what there is.

    Attributes:
        threads: that it runs on.
        n_bytes: that it is expected to take.
    """

    threads: int
    n_bytes: int


@runtime_checkable
class Room(Protocol):
    """How much may run at the same time."""

    def share(self, n_bytes: int) -> Share:
        """What a training that takes so much memory gets; the same however many others there are."""

    def holds(self, shares: list[Share]) -> bool:
        """Whether trainings with these shares may run at the same time; a single one always may."""


@dataclass(frozen=True)
class Machine:
    """Room on this machine: no more threads than cores, no more memory than is free.

    A training has one core, and others beside it; where memory leaves no room for as many, it has more.
    """

    cores: int
    n_bytes: int
    at_most: int

    def share(self, n_bytes: int) -> Share:
        """Cores, shared among as many trainings of this kind as fit into memory."""
        beside = max(min(self.n_bytes // max(n_bytes, 1), self.cores, self.at_most), 1)
        return Share(self.cores // beside, n_bytes)

    def holds(self, shares: list[Share]) -> bool:
        """Whether cores and memory are enough."""
        return len(shares) <= 1 or (
            len(shares) <= self.at_most
            and sum(share.threads for share in shares) <= self.cores
            and sum(share.n_bytes for share in shares) <= self.n_bytes
        )


@dataclass(frozen=True)
class Slots:
    """Room on other machines, which are alike: a training for each slot of the workers there, now or as soon as they come."""

    count: Callable[[], int]
    threads: int

    def share(self, n_bytes: int) -> Share:
        """A slot."""
        return Share(self.threads, n_bytes)

    def holds(self, shares: list[Share]) -> bool:
        """Whether there are as many slots."""
        return len(shares) <= max(self.count(), 1)


@dataclass(frozen=True)
class Crew:
    """Who does the work.

    Attributes:
        client: of Dask.
        room: how much may run at the same time.
    """

    client: Client
    room: Room
