"""Tasks dispatched to the workers of a cluster: as many at a time as its capacity allows."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from supple.runtime.progress import Progress
from supple.runtime.workers.capacity import Allocation
from supple.runtime.workers.cluster import Cluster
from supple.runtime.workers.subprocess_worker import Task

#: Seconds between two looks at the capacity, which may grow meanwhile.
_POLL_INTERVAL = 0.2


@dataclass(frozen=True, eq=False)
class QueuedTask:
    """A task that waits for its turn.

    Attributes:
        name: of the task.
        n_bytes: memory that it is expected to take.
        make: creates what is sent to a worker, once its turn has come.
    """

    name: str
    n_bytes: int
    make: Callable[[], Task]


class Dispatcher:
    """Sends tasks to a cluster and collects their results.

    Args:
        cluster: runs the tasks.
        progress: receives the notes and steps of all tasks.
        on_end: called with the name and the result, or `TaskFailure`, of each task that ends.
    """

    def __init__(self, cluster: Cluster, progress: Progress, on_end: Callable[[str, Any], None]) -> None:
        self.cluster, self.progress, self.on_end = cluster, progress, on_end
        self._running: dict[str, Allocation] = {}

    def run(self, tasks: Iterable[QueuedTask]) -> None:
        """Run all tasks, in this order; the iterator is advanced only when there may be capacity for another task.

        When this is interrupted, all running tasks are asked to stop and given time to write their checkpoints.
        """
        waiting = iter(tasks)
        try:
            following = next(waiting, None)
            while following is not None or self._running:
                while following is not None and self._fits(following):
                    self._start(following)
                    following = next(waiting, None)
                self._collect()
        except BaseException:
            self.cluster.stop()
            raise

    def _fits(self, task: QueuedTask) -> bool:
        capacity = self.cluster.capacity
        return capacity.fits([capacity.allocate(task.n_bytes), *self._running.values()])

    def _start(self, task: QueuedTask) -> None:
        allocation = self.cluster.capacity.allocate(task.n_bytes)
        self._running[task.name] = allocation
        self.cluster.start(task.name, task.make(), allocation.threads)

    def _collect(self) -> None:
        """Wait a moment for an event; pass on messages, and report the tasks that have ended."""
        try:
            name, (kind, *content) = self.cluster.events.get(timeout=_POLL_INTERVAL)
        except queue.Empty:
            return
        if name not in self._running:  # what a task has said may arrive after its end
            return
        if kind == "end":
            del self._running[name]
            self.on_end(name, content[0])
        else:
            (self.progress.note if kind == "note" else self.progress.step)(*content)
