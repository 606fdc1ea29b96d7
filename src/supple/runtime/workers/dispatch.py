"""Tasks dispatched to the workers of a Dask cluster: as many at a time as its capacity allows, even when workers are lost.

A lost worker costs what its task had not yet written: Dask gives the task to another worker, which resumes from the
checkpoint. (If the lost worker's process is still running, the other one waits for it in the same folder.)
"""

from __future__ import annotations

import contextlib
import queue
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from supple.runtime.progress import Progress
from supple.runtime.workers.capacity import Allocation
from supple.runtime.workers.cluster import Cluster
from supple.runtime.workers.subprocess_worker import SubprocessWorker, Task, TaskKilled, TaskStopped

if TYPE_CHECKING:
    from distributed import Future

#: Seconds that stopped tasks have to write their checkpoints.
GRACE_PERIOD = 20.0
#: Seconds between two checks for messages.
_POLL_INTERVAL = 0.2
#: How often a task whose process was killed is started again.
_RETRIES = 2


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


@dataclass(frozen=True)
class TaskFailure:
    """A task ended without a result; `reason` is a sentence."""

    reason: str


#: The processes of this worker, by topic and name, so that they can be asked to stop.
_processes: dict[tuple[str, str], SubprocessWorker] = {}


def run_on_worker(name: str, task: Task, threads: int, topic: str) -> Any:
    """On a Dask worker: run the task in a process of its own, and pass on its messages under the topic.

    Raises:
        TaskKilled: by a signal; Dask starts the task again, a few times.
    """
    from distributed import get_worker

    worker = get_worker()
    process = SubprocessWorker(task, threads)
    _processes[topic, name] = process
    try:
        return process.wait(lambda message: worker.log_event(topic, list(message)))
    except TaskStopped as stopped:  # not raised: it would be started again
        return TaskFailure(str(stopped))
    except TaskKilled as killed:
        if killed.by_signal:
            raise
        return TaskFailure(killed.sentence)
    finally:
        del _processes[topic, name]
        process.close()


def stop_on_worker(topic: str) -> None:
    """On a Dask worker: ask the tasks under a topic to stop."""
    for (of, _), process in list(_processes.items()):
        if of == topic:
            process.stop()


class Dispatcher:
    """Sends tasks to a cluster and collects their results.

    Args:
        cluster: runs the tasks.
        progress: receives the notes and steps of all tasks.
        on_end: called with the name and the result, or `TaskFailure`, of each task that ends.
    """

    def __init__(self, cluster: Cluster, progress: Progress, on_end: Callable[[str, Any], None]) -> None:
        self.client, self.capacity = cluster.client, cluster.capacity
        self.progress = progress
        self.on_end = on_end
        self.topic = f"supple-{uuid.uuid4().hex}"
        self._messages: queue.SimpleQueue[list[Any]] = queue.SimpleQueue()
        self._running: dict[Future[Any], tuple[QueuedTask, Allocation]] = {}

    def run(self, tasks: Iterable[QueuedTask]) -> None:
        """Run all tasks, in this order; the iterator is advanced only when there may be capacity for another task.

        When this is interrupted, all running tasks are asked to stop and given time to write their checkpoints.
        """
        waiting = iter(tasks)
        self.client.subscribe_topic(self.topic, lambda event: self._messages.put(event[1]))
        try:
            following = next(waiting, None)
            while following is not None or self._running:
                while following is not None and self._fits(self.capacity.allocate(following.n_bytes)):
                    self._submit(following)
                    following = next(waiting, None)
                self._collect()
        except BaseException:
            self._stop()
            raise
        finally:
            self._pass_on_messages()
            self.client.unsubscribe_topic(self.topic)

    def _fits(self, allocation: Allocation) -> bool:
        return self.capacity.fits([allocation, *(running for _, running in self._running.values())])

    def _submit(self, task: QueuedTask) -> None:
        allocation = self.capacity.allocate(task.n_bytes)
        key = f"{self.topic}-{task.name}"
        future = self.client.submit(
            run_on_worker, task.name, task.make(), allocation.threads, self.topic, key=key, pure=False, retries=_RETRIES
        )
        self._running[future] = task, allocation

    def _collect(self) -> None:
        """Wait a moment; pass on messages, and report the tasks that have ended."""
        from distributed import wait

        with contextlib.suppress(TimeoutError):
            wait(list(self._running), timeout=_POLL_INTERVAL, return_when="FIRST_COMPLETED")
        self._pass_on_messages()
        for future in [future for future in self._running if future.done()]:
            task, _ = self._running.pop(future)
            self.on_end(task.name, _outcome(future))

    def _pass_on_messages(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                kind, *content = self._messages.get_nowait()
                (self.progress.note if kind == "note" else self.progress.step)(*content)

    def _stop(self) -> None:
        from distributed import wait

        with contextlib.suppress(Exception):
            self.client.run(stop_on_worker, self.topic)
            wait(list(self._running), timeout=GRACE_PERIOD)
        with contextlib.suppress(Exception):
            self.client.cancel(list(self._running), force=True)


def _outcome(future: Future[Any]) -> Any:
    from distributed import KilledWorker

    if future.status == "finished":
        return future.result()
    error = future.exception() if future.status == "error" else None
    if isinstance(error, TaskKilled):
        return TaskFailure(error.sentence)
    if isinstance(error, KilledWorker):
        return TaskFailure(
            "Its worker died repeatedly; if the machine ran out of memory, run fewer trainings at a time (--jobs)."
        )
    return TaskFailure("Its worker was lost." if error is None else f"{type(error).__name__}: {error}")
