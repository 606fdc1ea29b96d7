"""Work handed to the workers of a Dask cluster: as much as there is room for, whatever happens to a worker.

A worker that is lost costs what its work had not yet written: Dask gives it to another one, which goes on from the checkpoint. (If the
lost one's process is still at it, the other waits in the same folder.)
"""

from __future__ import annotations

import contextlib
import queue
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from supple.runtime.progress import Progress
from supple.runtime.workers.capacity import Crew, Share
from supple.runtime.workers.subprocess_worker import Child, Killed, Stopped, Work

if TYPE_CHECKING:
    from distributed import Future

#: Seconds that stopped work has for its checkpoints.
GRACE = 20.0
#: Seconds between two looks at what has been said.
_LOOK = 0.2
#: How often work whose process was killed is begun again.
_AGAIN = 2


@dataclass(frozen=True, eq=False)
class Piece:
    """One piece of work.

    Attributes:
        name: by which it is known.
        n_bytes: memory that it is expected to take.
        work: makes what is sent to a worker, once its turn has come.
    """

    name: str
    n_bytes: int
    work: Callable[[], Work]


@dataclass(frozen=True)
class Lost:
    """No result came of a piece of work; why, as the end of a sentence."""

    reason: str


#: The children of this worker, by topic and name, so that they can be asked to stop.
_children: dict[tuple[str, str], Child] = {}


def do_there(name: str, work: Work, threads: int, topic: str) -> Any:
    """On a worker: do it in a child, and say what there is to say under the topic.

    Raises:
        Killed: by a signal; Dask begins it again, for some times.
    """
    from distributed import get_worker

    worker = get_worker()
    child = Child(work, threads)
    _children[topic, name] = child
    try:
        return child.follow(lambda message: worker.log_event(topic, list(message)))
    except Stopped as stopped:  # not raised: it would be begun again
        return Lost(str(stopped))
    except Killed as killed:
        if killed.by_signal:
            raise
        return Lost(killed.sentence)
    finally:
        del _children[topic, name]
        child.close()


def stop_there(topic: str) -> None:
    """On a worker: ask the work under a topic to stop."""
    for (of, _), child in list(_children.items()):
        if of == topic:
            child.stop()


class Dispatch:
    """Hands out work and gathers what comes of it.

    Args:
        crew: who does the work.
        progress: hears what is said on the way.
        on_end: called with a name and a result, or `Lost`, as each piece ends.
    """

    def __init__(self, crew: Crew, progress: Progress, on_end: Callable[[str, Any], None]) -> None:
        self.client, self.room = crew.client, crew.room
        self.progress = progress
        self.on_end = on_end
        self.topic = f"supple-{uuid.uuid4().hex}"
        self._said: queue.SimpleQueue[list[Any]] = queue.SimpleQueue()
        self._running: dict[Future[Any], tuple[Piece, Share]] = {}

    def run(self, pieces: Iterable[Piece]) -> None:
        """Do all of it, in this order; the next piece is asked for when there may be room for it.

        When this is interrupted, all that runs is asked to stop and given time to write its checkpoint.
        """
        coming = iter(pieces)
        self.client.subscribe_topic(self.topic, lambda event: self._said.put(event[1]))
        try:
            following = next(coming, None)
            while following is not None or self._running:
                while following is not None and self._has_room_for(self.room.share(following.n_bytes)):
                    self._submit(following)
                    following = next(coming, None)
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
        key = f"{self.topic}-{piece.name}"
        future = self.client.submit(
            do_there, piece.name, piece.work(), share.threads, self.topic, key=key, pure=False, retries=_AGAIN
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
            self.on_end(piece.name, _outcome(future))

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


def _outcome(future: Future[Any]) -> Any:
    from distributed import KilledWorker

    if future.status == "finished":
        return future.result()
    error = future.exception() if future.status == "error" else None
    if isinstance(error, Killed):
        return Lost(error.sentence)
    if isinstance(error, KilledWorker):
        return Lost("its worker died again and again; if the machine ran out of memory, run fewer at a time (--jobs).")
    return Lost("its worker was lost." if error is None else f"{type(error).__name__}: {error}")
