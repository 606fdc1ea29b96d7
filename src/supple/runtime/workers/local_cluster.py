"""LocalCluster: tasks on this machine, each in a process that is connected by a pair of sockets without address.

Nothing listens, so that nobody else on this machine or its network can reach the tasks.
"""

from __future__ import annotations

import time
from queue import SimpleQueue
from threading import Thread
from typing import Any

from supple.runtime.workers.capacity import Capacity
from supple.runtime.workers.cluster import GRACE_PERIOD, RETRIES, Event, TaskFailure
from supple.runtime.workers.subprocess_worker import SubprocessWorker, Task, TaskKilled, TaskStopped


class LocalCluster:
    """A thread for each running task, which follows its process."""

    def __init__(self, capacity: Capacity) -> None:
        self.capacity = capacity
        self.events: SimpleQueue[Event] = SimpleQueue()
        self._processes: dict[str, SubprocessWorker] = {}
        self._threads: list[Thread] = []
        self._stopping = False

    def start(self, name: str, task: Task, threads: int) -> None:
        """Start a task; a task whose process is killed is started again."""
        # daemons, so that this process can end at any time; the tasks then notice the closed connection
        thread = Thread(target=self._follow, args=(name, task, threads), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def stop(self) -> None:
        """Ask all tasks to stop, and give them time to write their checkpoints."""
        self._stopping = True
        for process in list(self._processes.values()):
            process.stop()
        deadline = time.monotonic() + GRACE_PERIOD
        for thread in self._threads:
            thread.join(max(deadline - time.monotonic(), 0.0))
        for process in list(self._processes.values()):
            process.close()

    def _follow(self, name: str, task: Task, threads: int) -> None:
        try:
            result = self._result(name, task, threads)
        except Exception as error:  # there must be an end, whatever happens
            result = TaskFailure(f"{type(error).__name__}: {error}")
        self.events.put((name, ("end", result)))

    def _result(self, name: str, task: Task, threads: int) -> Any:
        killed = "Stopped."
        for _ in range(1 + RETRIES):
            if self._stopping:
                break
            process = self._processes[name] = SubprocessWorker(task, threads)
            if self._stopping:  # asked while it was started
                process.stop()
            try:
                return process.wait(lambda message: self.events.put((name, message)))
            except TaskStopped as stopped:
                return TaskFailure(str(stopped))
            except TaskKilled as error:
                killed = error.sentence
                if not error.by_signal:
                    break
            finally:
                del self._processes[name]
                process.close()
        return TaskFailure(killed)
