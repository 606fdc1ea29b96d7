"""Progress: how computations report, by notes and steps."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class Progress(Protocol):
    """Receives the progress of a computation. The command line displays it; a library user may pass an object of their own."""

    def note(self, sentence: str) -> None:
        """A sentence that the user should read."""

    def step(self, task: str, done: float, total: float, detail: str = "") -> None:
        """`done` of `total` of a task are complete; `detail` is its present state, for instance the errors so far."""


class NoProgress:
    """Reports nothing: the default in Python."""

    def note(self, sentence: str) -> None:
        """Ignored."""

    def step(self, task: str, done: float, total: float, detail: str = "") -> None:
        """Ignored."""


NO_PROGRESS = NoProgress()
