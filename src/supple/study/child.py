"""A training in a process of its own.

What happens to it happens to no other training, its memory is measured alone, and it can be asked to stop. One that loses
whoever started it stops by itself, with a checkpoint.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

from supple.study.attempt import attempt
from supple.training import Training

#: Seconds between two steps that a training reports.
INTERVAL = 0.2
#: What libraries take their number of threads from.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")

#: Hears messages: ("note", sentence) or ("step", task, done, total, detail).
Hear = Callable[[tuple[Any, ...]], None]


class Stopped(Exception):  # noqa: N818 (no error: it was asked for)
    """The training was asked to stop, and has written a checkpoint where it can."""


class Killed(Exception):  # noqa: N818 (as the system says it)
    """The process of the training was killed."""


@dataclass(frozen=True, eq=False)
class Task:
    """A cell as it is sent to where it is trained.

    Attributes:
        name: of the cell.
        training: what to do.
        threads: on how many.
    """

    name: str
    training: Training
    threads: int


class Child:
    """The process, as the one that started it sees it."""

    def __init__(self, task: Task) -> None:
        self._connection, theirs = Pipe()
        self._stopped = False
        environment = (
            os.environ | dict.fromkeys(_THREADS, str(task.threads)) | {"PYTHONPATH": os.pathsep.join(sys.path)}
        )
        # A session of its own: Ctrl-C in a terminal shall reach the one that plans the study, and no other.
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from supple.study.child import main; main()", str(theirs.fileno())],
            pass_fds=[theirs.fileno()], env=environment, stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        theirs.close()
        with contextlib.suppress(OSError):  # it is gone already; `follow` will say so
            self._connection.send(task)

    def follow(self, hear: Hear) -> str | None:
        """Pass on what it says until it ends; the sentence of its failure, or None when all went well.

        Raises:
            Stopped: it was asked to stop.
            Killed: it was killed by the system or by someone.
        """
        with contextlib.suppress(EOFError, OSError):
            while True:
                kind, *content = self._connection.recv()
                if kind == "end":
                    self.process.wait()
                    return None if content[0] is None else str(content[0])
                hear((kind, *content))
        code = self.process.wait()
        if self._stopped:
            raise Stopped("stopped")
        if code < 0:
            raise Killed(
                f"the process of this training was killed ({signal.Signals(-code).name}); if it ran out of memory, run "
                "fewer at a time (--jobs)."
            )
        return f"the process of this training ended without a result (exit code {code})."

    def stop(self) -> None:
        """Ask it to stop, as Ctrl-C does in a terminal."""
        self._stopped = True
        self.process.terminate()

    def close(self) -> None:
        """End it, however far it is."""
        self._connection.close()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class PipeProgress:
    """Sends notes and steps through a pipe; steps at most every `INTERVAL` seconds."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
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
            self._connection.send(message)
        except OSError:  # whoever started this training is gone: stop, as if interrupted
            raise KeyboardInterrupt from None


def _interrupt(number: int, frame: Any) -> None:
    raise KeyboardInterrupt


def _end_with_parent(connection: Connection) -> None:
    """Interrupt the training as soon as the other end of the pipe is closed, even while it has nothing to say."""

    def watch() -> None:
        with contextlib.suppress(EOFError, OSError):
            connection.recv()  # nothing is ever sent after the task
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def main() -> None:
    """The whole life of the process."""
    import torch

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _interrupt)
    connection = Connection(int(sys.argv[1]))
    with contextlib.suppress(KeyboardInterrupt, EOFError, OSError):
        task: Task = connection.recv()
        torch.set_num_threads(task.threads)
        _end_with_parent(connection)
        connection.send(("end", attempt(task.training, task.name, PipeProgress(connection))))
