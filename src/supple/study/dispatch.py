"""Trainings handed to the workers of a Dask cluster: as many as there is room for, whatever happens to a worker.

A worker that is lost costs what its training had not yet written: Dask gives the training to another one, which goes on from the
checkpoint. (If the lost one's process is still at it, the other waits in the same folder.)
"""

from __future__ import annotations

import contextlib
import queue
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from supple.progress import Progress
from supple.study.attempt import in_words, read_failure, record_failure
from supple.study.child import Child, Killed, Stopped, Task
from supple.study.place import Crew, Share

if TYPE_CHECKING:
    from distributed import Future

#: Seconds that stopped trainings have for their checkpoints.
GRACE = 20.0
#: Seconds between two looks at what has been said.
_LOOK = 0.2
#: How often a training whose process was killed is begun again.
_AGAIN = 2


@dataclass(frozen=True, eq=False)
class Piece:
    """One training to be dispatched.

    Attributes:
        name: of the cell.
        directory: of the cell.
        n_bytes: memory that it is expected to take.
        task: makes what is sent to a worker, once its turn has come.
    """

    name: str
    directory: Path
    n_bytes: int
    task: Callable[[int], Task]


#: The children of this worker, by study and cell, so that they can be asked to stop.
_children: dict[tuple[str, str], Child] = {}


def train_there(task: Task, topic: str) -> str | None:
    """On a worker: train, and say what there is to say under the topic; returns the failure, or None."""
    from distributed import get_worker

    worker = get_worker()
    child = Child(task)
    _children[topic, task.name] = child
    try:
        return child.follow(lambda message: worker.log_event(topic, list(message)))
    except Stopped as stopped:  # not raised: Dask would begin it again
        return str(stopped)
    finally:
        del _children[topic, task.name]
        child.close()


def stop_there(topic: str) -> None:
    """On a worker: ask the trainings of a study to stop."""
    for (of, _), child in list(_children.items()):
        if of == topic:
            child.stop()


class Dispatch:
    """Hands out trainings and gathers what comes of them.

    Args:
        crew: who does the work.
        progress: hears what every training says.
        on_end: called with a name and a failure (None when all went well) as each training ends.
    """

    def __init__(self, crew: Crew, progress: Progress, on_end: Callable[[str, str | None], None]) -> None:
        self.client, self.room = crew.client, crew.room
        self.progress = progress
        self.on_end = on_end
        self.topic = f"supple-{uuid.uuid4().hex}"
        self._said: queue.SimpleQueue[list[Any]] = queue.SimpleQueue()
        self._running: dict[Future[Any], tuple[Piece, Share]] = {}

    def run(self, pieces: Sequence[Piece]) -> None:
        """Run all of them, in this order; one after another where there is no room for more.

        When this is interrupted, every running training is asked to stop and given time to write its checkpoint.
        """
        waiting = list(pieces)
        self.client.subscribe_topic(self.topic, lambda event: self._said.put(event[1]))
        try:
            while waiting or self._running:
                while waiting and self._has_room_for(self.room.share(waiting[0].n_bytes)):
                    self._submit(waiting.pop(0))
                self._gather()
        except BaseException:
            self._stop()
            raise
        finally:
            self._listen()
            self.client.unsubscribe_topic(self.topic)

    def _has_room_for(self, share: Share) -> bool:
        return self.room.holds([share, *(running for _, running in self._running.values())])

    def _submit(self, piece: Piece) -> None:
        share = self.room.share(piece.n_bytes)
        future = self.client.submit(
            train_there,
            piece.task(share.threads),
            self.topic,
            key=f"{self.topic}-{piece.name}",
            pure=False,
            retries=_AGAIN,
        )
        self._running[future] = piece, share

    def _gather(self) -> None:
        """Wait a moment; pass on what was said, and take note of what has ended."""
        from distributed import wait

        with contextlib.suppress(TimeoutError):
            wait(list(self._running), timeout=_LOOK, return_when="FIRST_COMPLETED")
        self._listen()
        for future in [future for future in self._running if future.done()]:
            piece, _ = self._running.pop(future)
            self.on_end(piece.name, self._outcome(future, piece))

    def _outcome(self, future: Future[Any], piece: Piece) -> str | None:
        from distributed import KilledWorker

        if future.status == "finished":
            failure: str | None = future.result()
            if (
                failure is not None and read_failure(piece.directory) is None
            ):  # it ended before it could write that down
                record_failure(piece.directory, failure)
            return failure
        error = future.exception() if future.status == "error" else None
        if isinstance(error, Killed):
            message = str(error)
        elif isinstance(error, KilledWorker):
            message = "its worker died again and again; if the machine ran out of memory, run fewer at a time (--jobs)."
        else:
            message = "its worker was lost." if error is None else in_words(error)
        record_failure(piece.directory, message)
        return message

    def _listen(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                kind, *content = self._said.get_nowait()
                (self.progress.note if kind == "note" else self.progress.step)(*content)

    def _stop(self) -> None:
        from distributed import wait

        with contextlib.suppress(Exception):
            self.client.run(stop_there, self.topic)
            wait(list(self._running), timeout=GRACE)
        with contextlib.suppress(Exception):
            self.client.cancel(list(self._running), force=True)
