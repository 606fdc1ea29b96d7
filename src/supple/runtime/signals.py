"""Ctrl-C at a safe moment: signals that would interrupt a step of a computation wait until it is complete."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

#: What terminals and batch systems send to end a process.
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


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
            for number in _SIGNALS:
                handler = signal.getsignal(number)
                if callable(handler):
                    self._handlers[number] = handler
                    signal.signal(number, self._defer)
        return self

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
