"""Ctrl-C at a moment that suits: signals that would interrupt wait until what is under way is whole again."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

#: What a terminal and a batch system send to have a process end.
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class HeldBack:
    """Within this block, signals that have a handler of Python's wait for `heed`; a second one is not held back.

    Python runs handlers as soon as compiled code returns, which may be in the midst of a step of a computation. In other threads than
    the main one, which no signal interrupts, this does nothing.
    """

    def __init__(self) -> None:
        self._handlers: dict[int, Callable[[int, FrameType | None], Any]] = {}
        self._waiting: int | None = None

    def __enter__(self) -> HeldBack:
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                handler = signal.getsignal(number)
                if callable(handler):
                    self._handlers[number] = handler
                    signal.signal(number, self._hear)
        return self

    def heed(self) -> None:
        """Let the signal that waits, if there is one, do what it would have done."""
        if self._waiting is not None:
            number, self._waiting = self._waiting, None
            self._handlers[number](number, None)

    def __exit__(self, kind: object, *more: object) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        if kind is None:
            self.heed()

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self._waiting is not None:
            self.heed()
        self._waiting = number
