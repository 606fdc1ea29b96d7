"""Ctrl-C in commands that can be resumed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from supple.runtime.progress import Progress


@contextmanager
def resumable(progress: Progress, best_model: Path | None = None) -> Iterator[None]:
    """On Ctrl-C, say how to resume and exit with 130; `best_model` is the file of the best model so far, if there is one."""
    try:
        yield
    except KeyboardInterrupt:
        kept = f" The best model so far is {best_model}." if best_model is not None and best_model.exists() else ""
        progress.note(f"Interrupted.{kept} Run the command again to resume.")
        raise typer.Exit(130) from None
