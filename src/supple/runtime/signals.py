"""Signals that end a command: Ctrl-C, and what batch systems and closed terminals send; all of them act as Ctrl-C does.

Slurm sends SIGTERM before a time limit or a preemption, a terminal that closes SIGHUP. As exceptions they reach the same code that
writes a checkpoint after Ctrl-C. The exit code says which signal it was: 130, 143 or 129, as shells have it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

#: What terminals and batch systems send to end a process.
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: Files of the compiler, whose calls are short.
_LLVMLITE = f"{os.sep}llvmlite{os.sep}"
#: Seconds after which a signal that came at a bad moment is sent again.
_LATER = 0.05


class Interrupted(KeyboardInterrupt):
    """A signal has asked the process to end; `exit_code` is the one that says so."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


def exit_code(interruption: KeyboardInterrupt) -> int:
    """Of a process that an interruption ends; 130 unless a signal other than Ctrl-C was the cause."""
    return interruption.exit_code if isinstance(interruption, Interrupted) else 128 + signal.SIGINT


@contextmanager
def interruptible() -> Iterator[None]:
    """Within this block, each of these signals raises `Interrupted`; ignored ones, as under nohup, remain ignored.

    When the block is left, handlers are those from before. In threads other than the main one this does nothing.
    """
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        before = {n: signal.getsignal(n) for n in ENDING}
        for number, handler in before.items():
            if handler in (signal.SIG_DFL, signal.default_int_handler):
                signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None:
                signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    if _busy(frame):
        timer = threading.Timer(_LATER, os.kill, (os.getpid(), number))
        timer.daemon = True
        timer.start()
    else:
        raise Interrupted(number)


def _busy(frame: FrameType | None) -> bool:
    """Whether an exception would be lost or misunderstood here: while a module is imported, or an object made or destroyed.

    Libraries turn an interruption of their own import into other errors, and Python only prints those of destructors, which
    those of llvmlite raise for objects that are half made.
    """
    while frame is not None:
        file = frame.f_code.co_filename
        if frame.f_code.co_name == "__del__" or file == "<frozen importlib._bootstrap>" or _LLVMLITE in file:
            return True
        frame = frame.f_back
    return sys.is_finalizing()


class DeferredSignals:
    """Within this block, signals with a Python handler are deferred until `check`; a second signal is handled at once.

    Python runs handlers as soon as compiled code returns, which may be in the middle of a step of a computation. In threads
    other than the main one, which no signal interrupts, this does nothing.
    """

    def __init__(self) -> None:
        self._handlers: dict[int, Callable[[int, FrameType | None], Any]] = {}
        self._pending: int | None = None

    def __enter__(self) -> DeferredSignals:
        if threading.current_thread() is threading.main_thread():
            for number in ENDING:
                handler = signal.getsignal(number)
                if callable(handler):
                    self._handlers[number] = handler
                    signal.signal(number, self._defer)
        return self

    @property
    def pending(self) -> bool:
        """Whether `check` will handle a signal."""
        return self._pending is not None

    def check(self) -> None:
        """Handle the pending signal, if there is one, as it would have been handled without this block."""
        if self._pending is not None:
            number, self._pending = self._pending, None
            self._handlers[number](number, None)

    def __exit__(self, kind: object, *more: object) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        if kind is None:
            self.check()

    def _defer(self, number: int, frame: FrameType | None) -> None:
        if self._pending is not None:
            self.check()
        self._pending = number
