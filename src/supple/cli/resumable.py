"""Ctrl-C, and other signals that end a process, in commands that can be resumed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from supple.runtime.signals import exit_code

if TYPE_CHECKING:
    from supple.runtime.progress import Progress


@contextmanager
def resumable(progress: Progress, best_model: Path | None = None) -> Iterator[None]:
    """When interrupted, say how to resume, and exit with 130, 143 or 129; `best_model` is the file of the best model so far, if there is one."""
    try:
        yield
    except KeyboardInterrupt as interruption:
        kept = f" The best model so far is {best_model}." if best_model is not None and best_model.exists() else ""
        progress.note(f"Interrupted.{kept} Run the command again to resume.")
        raise typer.Exit(exit_code(interruption)) from None
