"""DaskCluster: tasks on the workers of a Dask scheduler, even when workers are lost.

A lost worker costs what its task had not yet written: Dask gives the task to another worker, which resumes from the
checkpoint. (If the lost worker's process is still running, the other one waits for it in the same folder.)
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from supple.runtime.workers.capacity import Capacity
from supple.runtime.workers.cluster import GRACE_PERIOD, RETRIES, Event, TaskFailure
from supple.runtime.workers.subprocess_worker import SubprocessWorker, Task, TaskKilled, TaskStopped

if TYPE_CHECKING:
    from distributed import Client, Future

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
        return process.wait(lambda message: worker.log_event(topic, [name, *message]))
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


class DaskCluster:
    """Tasks submitted through a Dask client; Supple, not the scheduler, decides when each is submitted."""

    def __init__(self, client: Client, capacity: Capacity) -> None:
        self.client, self.capacity = client, capacity
        self.events: SimpleQueue[Event] = SimpleQueue()
        self._topic = f"supple-{uuid.uuid4().hex}"
        self._futures: list[Future[Any]] = []

    @contextmanager
    def listening(self) -> Iterator[DaskCluster]:
        """Receive the tasks' messages within this block."""
        self.client.subscribe_topic(self._topic, lambda event: self.events.put((event[1][0], tuple(event[1][1:]))))
        try:
            yield self
        finally:
            self.client.unsubscribe_topic(self._topic)

    def start(self, name: str, task: Task, threads: int) -> None:
        """Submit a task."""
        key = f"{self._topic}-{name}"
        future = self.client.submit(
            run_on_worker, name, task, threads, self._topic, key=key, pure=False, retries=RETRIES
        )
        self._futures.append(future)
        future.add_done_callback(lambda ended: self.events.put((name, ("end", _outcome(ended)))))

    def stop(self) -> None:
        """Ask all tasks to stop, and give them time to write their checkpoints."""
        from distributed import wait

        with contextlib.suppress(Exception):
            self.client.run(stop_on_worker, self._topic)
            wait(self._futures, timeout=GRACE_PERIOD)
        with contextlib.suppress(Exception):
            self.client.cancel(self._futures, force=True)


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
