"""SubprocessWorker: a task, most often a training, in a process of its own.

Whatever happens to the task affects no other, its memory is measured separately, and it can be asked to stop. If the process
that started it disappears, it stops by itself and writes a checkpoint.
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

from supple.errors import SuppleError
from supple.runtime.failures import sentence
from supple.runtime.progress import Progress
from supple.runtime.signals import ENDING, exit_code, interruptible

#: Seconds between two steps that a task reports.
INTERVAL = 0.2
#: Environment variables from which libraries take their number of threads.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")

#: Where the process finds what PYTHONPATH was: programs that it starts, some of them in Python, must not get its modules.
_PYTHONPATH = "SUPPLE_PYTHONPATH"

#: Receives messages: ("note", sentence) or ("step", task, done, total, detail).
MessageHandler = Callable[[tuple[Any, ...]], None]


@runtime_checkable
class Task(Protocol):
    """What to compute; it is pickled on its way to the process that computes it."""

    def __call__(self, progress: Progress) -> Any:
        """Compute it; the result must consist of plain values."""


class TaskStopped(Exception):  # noqa: N818 (no error: it was asked to)
    """The task was asked to stop, and has written a checkpoint where it can."""


class TaskKilled(Exception):  # noqa: N818 (the system's term)
    """The process was killed by a signal (`by_signal`), or ended without a result; `sentence` says which."""

    def __init__(self, sentence: str, by_signal: bool) -> None:
        super().__init__(sentence, by_signal)
        self.sentence, self.by_signal = sentence, by_signal


class SubprocessWorker:
    """The process of a task, as seen by the process that started it."""

    def __init__(self, task: Task, threads: int) -> None:
        self._connection, theirs = Pipe()
        self._stopped = False
        environment = os.environ | dict.fromkeys(_THREADS, str(threads)) | {"PYTHONPATH": os.pathsep.join(sys.path)}
        environment[_PYTHONPATH] = os.environ.get("PYTHONPATH", "")
        # A session of its own: Ctrl-C in a terminal must reach the process that runs the study, and no other.
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from supple.runtime.workers.subprocess_worker import main; main()", str(theirs.fileno())],
            pass_fds=[theirs.fileno()], env=environment, stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        theirs.close()
        with contextlib.suppress(OSError):  # it has ended already, as `wait` will report
            self._connection.send((task, threads))

    def wait(self, on_message: MessageHandler) -> Any:
        """Pass on its messages until it ends; returns the result of the task.

        Raises:
            TaskStopped: it was asked to stop.
            TaskKilled: it ended without a result.
        """
        with contextlib.suppress(EOFError, OSError):
            while True:
                kind, *content = self._connection.recv()
                if kind == "end":
                    self.process.wait()
                    return content[0]
                if kind == "failed":
                    raise TaskKilled(content[0], by_signal=False)
                on_message((kind, *content))
        code = self.process.wait()
        if self._stopped:
            raise TaskStopped("Stopped.")
        if code - 128 in ENDING:  # it was asked to end by others, as when a node is needed for something else
            code = 128 - code
        if code >= 0:
            raise TaskKilled(f"Its process ended without a result (exit code {code}).", by_signal=False)
        name = signal.Signals(-code).name
        raise TaskKilled(
            f"Its process was killed ({name}); if it ran out of memory, run fewer trainings at a time (--jobs).",
            by_signal=True,
        )

    def stop(self) -> None:
        """Ask it to stop, as Ctrl-C does in a terminal."""
        self._stopped = True
        self.process.terminate()

    def close(self) -> None:
        """Kill it if it is still running."""
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
        """Sent unless the last one was sent within `INTERVAL`."""
        now = time.monotonic()
        if now - self._last >= INTERVAL:
            self._last = now
            self._send("step", task, done, total, detail)

    def _send(self, *message: Any) -> None:
        try:
            self._connection.send(message)
        except OSError:  # the process that started this one has ended: stop, as if interrupted
            raise KeyboardInterrupt from None


def _end_with_parent(connection: Connection) -> None:
    """Interrupt the task as soon as the other end of the pipe is closed, even while there is nothing to report."""

    def watch() -> None:
        with contextlib.suppress(EOFError, OSError):
            connection.recv()  # nothing is ever sent after the task
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def main() -> None:
    """The whole life of the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["PYTHONPATH"] = os.environ.pop(_PYTHONPATH)
    if not os.environ["PYTHONPATH"]:
        del os.environ["PYTHONPATH"]
    connection = Connection(int(sys.argv[1]))
    try:
        with interruptible():
            _work(connection)
    except KeyboardInterrupt as interruption:
        sys.exit(exit_code(interruption))


def _work(connection: Connection) -> None:
    try:
        task, threads = connection.recv()
    except (EOFError, OSError):  # the process that started this one has ended already
        return
    if (
        "torch" in sys.modules
    ):  # which otherwise takes the number from the environment, and is not worth its seconds for other tasks
        sys.modules["torch"].set_num_threads(threads)
    _end_with_parent(connection)
    try:
        result = task(PipeProgress(connection))
    except Exception as error:
        said = str(error) if isinstance(error, SuppleError) else sentence(error)
        if said is None:
            raise
        message = "failed", said
    else:
        message = "end", result
    with contextlib.suppress(OSError):
        connection.send(message)
