"""Several trainings at a time, each in a process of its own on one core.

A process for each training, and not a pool: one that is killed for lack of memory takes no other with it, memory is
measured for one training alone, and what it says on the way comes through its own pipe.
"""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from supple.progress import Progress
from supple.study.attempt import attempt, record_failure
from supple.study.material import Job

#: Seconds that a stopped training has for its checkpoint.
GRACE = 20.0
#: Seconds between two steps that a training reports.
INTERVAL = 0.2


class PipeProgress:
    """Sends notes and steps through a pipe; steps at most every `INTERVAL` seconds."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._last = 0.0

    def note(self, sentence: str) -> None:
        """Sent at once."""
        self._send("note", sentence)

    def step(self, task: str, done: float, total: float, detail: str = "") -> None:
        """Sent unless the last one was sent a moment ago."""
        now = time.monotonic()
        if now - self._last >= INTERVAL:
            self._last = now
            self._send("step", task, done, total, detail)

    def _send(self, *message: Any) -> None:
        try:
            self.connection.send(message)
        except OSError:  # whoever started this training is gone: stop, as if interrupted
            raise KeyboardInterrupt from None


@dataclass
class _Running:
    job: Job
    process: BaseProcess
    #: None, or what the training's last message said of its end.
    failure: str | None = None
    ended: bool = False


def run_in_workers(
    jobs: Sequence[Job], count: int, progress: Progress, on_end: Callable[[Job, str | None], None]
) -> None:
    """Run jobs in processes, `count` at a time.

    Args:
        jobs: in the order in which to start them.
        count: processes at a time.
        progress: hears what every training says.
        on_end: called with the job and its failure (None when all went well) as each one ends.

    When this is interrupted, every running training is asked to stop and given time to write its checkpoint.
    """
    waiting = list(jobs)
    running: dict[Connection, _Running] = {}
    try:
        while waiting or running:
            while waiting and len(running) < count:
                connection, started = _start(waiting.pop(0))
                running[connection] = started
            ready = wait(list(running))
            for connection in [known for known in running if known in ready]:
                worker = running[connection]
                if not _listen(connection, worker, progress):
                    del running[connection]
                    on_end(worker.job, _outcome(worker))
    finally:
        _stop(running)


def _start(job: Job) -> tuple[Connection, _Running]:
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(job, theirs), name=job.cell.name)
    resource_tracker.ensure_running()  # it would undo the mask below
    # Ctrl-C reaches every process of a terminal; the new one must leave it to this one, from its first moment on.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    theirs.close()
    return ours, _Running(job, process)


def _work(job: Job, connection: Connection) -> None:
    """The whole life of a worker: SIGTERM interrupts the training like Ctrl-C does in one process."""
    import torch

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _interrupt)
    torch.set_num_threads(1)
    with contextlib.suppress(KeyboardInterrupt, OSError):
        connection.send(("end", attempt(job, PipeProgress(connection))))


def _interrupt(number: int, frame: Any) -> None:
    raise KeyboardInterrupt


def _listen(connection: Connection, worker: _Running, progress: Progress) -> bool:
    """Take one message; whether there may be more."""
    try:
        kind, *content = connection.recv()
    except (EOFError, OSError):
        connection.close()
        return False
    if kind == "end":
        worker.ended, worker.failure = True, content[0]
    elif kind == "note":
        progress.note(*content)
    else:
        progress.step(*content)
    return True


def _outcome(worker: _Running) -> str | None:
    worker.process.join()
    if worker.ended:
        return worker.failure
    message = (
        f"the process of this training ended without a result (exit code {worker.process.exitcode}); if it ran out of "
        "memory, run fewer at a time (--jobs)."
    )
    record_failure(worker.job, message)
    return message


def _stop(running: dict[Connection, _Running]) -> None:
    for worker in running.values():
        worker.process.terminate()
    deadline = time.monotonic() + GRACE
    for connection, worker in running.items():
        worker.process.join(max(deadline - time.monotonic(), 0.0))
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()
        connection.close()
