"""Work in a process of its own, most often a training.

What happens to it happens to no other work, its memory is measured alone, and it can be asked to stop. One that loses
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
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, Protocol, runtime_checkable

from supple.runtime.progress import Progress

#: Seconds between two steps that a training reports.
INTERVAL = 0.2
#: What libraries take their number of threads from.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")

#: Hears messages: ("note", sentence) or ("step", task, done, total, detail).
Hear = Callable[[tuple[Any, ...]], None]


@runtime_checkable
class Work(Protocol):
    """What is to be done; it is pickled on its way to where that happens."""

    def __call__(self, progress: Progress) -> Any:
        """Do it; what comes of it must be made of plain values."""


class Stopped(Exception):  # noqa: N818 (no error: it was asked for)
    """The work was asked to stop, and has written a checkpoint where it can."""


class Killed(Exception):  # noqa: N818 (as the system says it)
    """The process was killed, or ended by itself without a result; `by_signal` says which."""

    def __init__(self, sentence: str, by_signal: bool) -> None:
        super().__init__(sentence, by_signal)
        self.sentence, self.by_signal = sentence, by_signal


class Child:
    """The process, as the one that started it sees it."""

    def __init__(self, work: Work, threads: int) -> None:
        self._connection, theirs = Pipe()
        self._stopped = False
        environment = os.environ | dict.fromkeys(_THREADS, str(threads)) | {"PYTHONPATH": os.pathsep.join(sys.path)}
        # A session of its own: Ctrl-C in a terminal shall reach the one that plans the study, and no other.
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from supple.runtime.workers.subprocess_worker import main; main()", str(theirs.fileno())],
            pass_fds=[theirs.fileno()], env=environment, stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        theirs.close()
        with contextlib.suppress(OSError):  # it is gone already; `follow` will say so
            self._connection.send((work, threads))

    def follow(self, hear: Hear) -> Any:
        """Pass on what it says until it ends; returns what came of the work.

        Raises:
            Stopped: it was asked to stop.
            Killed: it ended without a result.
        """
        with contextlib.suppress(EOFError, OSError):
            while True:
                kind, *content = self._connection.recv()
                if kind == "end":
                    self.process.wait()
                    return content[0]
                hear((kind, *content))
        code = self.process.wait()
        if self._stopped:
            raise Stopped("stopped")
        if code >= 0:
            raise Killed(f"its process ended without a result (exit code {code}).", by_signal=False)
        name = signal.Signals(-code).name
        raise Killed(
            f"its process was killed ({name}); if it ran out of memory, run fewer at a time (--jobs).", by_signal=True
        )

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
            connection.recv()  # nothing is ever sent after the work
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def main() -> None:
    """The whole life of the process."""
    import torch

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _interrupt)
    connection = Connection(int(sys.argv[1]))
    with contextlib.suppress(KeyboardInterrupt, EOFError, OSError):
        work, threads = connection.recv()
        torch.set_num_threads(threads)
        _end_with_parent(connection)
        connection.send(("end", work(PipeProgress(connection))))
