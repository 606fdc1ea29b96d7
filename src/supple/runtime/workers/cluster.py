"""Cluster: what a backend opens, and what tasks are dispatched to."""

from __future__ import annotations

from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, Protocol, runtime_checkable

from supple.runtime.workers.capacity import Capacity
from supple.runtime.workers.subprocess_worker import Task

#: Seconds that stopped tasks have to write their checkpoints.
GRACE_PERIOD = 20.0
#: How often a task whose process was killed is started again.
RETRIES = 2

#: The name of a task and its message: ("note", sentence), ("step", task, done, total, detail) or ("end", result).
Event = tuple[str, tuple[Any, ...]]


@dataclass(frozen=True)
class TaskFailure:
    """A task ended without a result; `reason` is a sentence."""

    reason: str


@runtime_checkable
class Cluster(Protocol):
    """Workers that are ready for tasks.

    Attributes:
        capacity: how much can run at the same time.
        events: what the tasks report; the last event of each is its end, with its result or a `TaskFailure`.
    """

    capacity: Capacity
    events: SimpleQueue[Event]

    def start(self, name: str, task: Task, threads: int) -> None:
        """Start a task; a task whose process is killed is started again, `RETRIES` times."""

    def stop(self) -> None:
        """Ask all tasks to stop, and give them `GRACE_PERIOD` seconds to write their checkpoints."""
