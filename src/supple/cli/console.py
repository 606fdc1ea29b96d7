"""What commands print: progress and notes to standard error, results to standard output."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from supple.cli.streams import encodes
from supple.errors import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import TaskID


class TerminalProgress:
    """Progress bars, for a terminal; `notes` are the sentences printed so far."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self.notes: list[str] = []
        self._tasks: dict[str, TaskID] = {}

    def note(self, sentence: str) -> None:
        """Print the sentence above the bars."""
        self.notes.append(sentence)
        self._bars.console.print(printable(sentence), highlight=False, markup=False, soft_wrap=True)

    def step(self, task: str, done: float, total: float, detail: str = "") -> None:
        """Advance the bar of the task; it disappears when the task is done."""
        if task not in self._tasks:
            # drawn at once, with all its fields
            self._tasks[task] = self._bars.add_task(task, total=total, detail=detail)
        self._bars.update(self._tasks[task], completed=done, total=total, detail=detail)
        if done >= total:
            self._bars.remove_task(self._tasks.pop(task))


class PlainProgress:
    """A line every few seconds, for a log file; `notes` are the sentences printed so far."""

    def __init__(self, console: Console, every: float = 10.0) -> None:
        self._console = console
        self.notes: list[str] = []
        self._every = every
        self._last = time.monotonic()

    def note(self, sentence: str) -> None:
        """Print the sentence."""
        self.notes.append(sentence)
        self._print(sentence)

    def step(self, task: str, done: float, total: float, detail: str = "") -> None:
        """Print how far the task is, unless a line was printed a moment ago."""
        if time.monotonic() - self._last >= self._every:
            self._last = time.monotonic()
            self._print(f"{task}: {100 * done / max(total, 1e-12):.0f} % {detail}".rstrip())

    def _print(self, line: str) -> None:
        self._console.print(printable(line), highlight=False, markup=False, soft_wrap=True)


@contextmanager
def progress_display() -> Iterator[TerminalProgress | PlainProgress]:
    """Progress on standard error: bars on a terminal, a line every few seconds elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if not console.is_terminal or console.is_dumb_terminal:
        yield PlainProgress(console)
        return
    columns = [
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[detail]}", markup=False),
    ]
    with Progress(*columns, console=console, transient=True) as bars:
        yield TerminalProgress(bars)


def print_json(value: Mapping[str, Any]) -> None:
    """Print one JSON object to standard output."""
    text = json.dumps(value, ensure_ascii=False)
    typer.echo(text if encodes(text, getattr(sys.stdout, "encoding", None)) else json.dumps(value))


def print_errors(title: str, errors: dict[str, Any]) -> None:
    """Print a table of the errors of energies and forces; `errors` as of `Metrics.to_dict`."""
    from rich.console import Console
    from rich.table import Table

    from supple.models.metrics import MEASURES

    Console().print(title, style="bold", highlight=False, markup=False, soft_wrap=True)  # a table would wrap its title
    table = Table()
    for heading in ("", *MEASURES.values(), "unit"):
        table.add_column(heading, justify="left" if heading in ("", "unit") else "right")
    for quantity in ("energy", "forces"):
        summary = errors.get(quantity)
        if summary is None:
            missing = "no energies in the file" if quantity == "energy" else "no forces in the file"
            table.add_row(quantity, *("-" for _ in MEASURES), missing)
        else:
            values = [summary[name] for name in MEASURES]
            table.add_row(quantity, *("-" if v is None else f"{v:.4g}" for v in values), summary["unit"])
    Console().print(table)


def print_written(*files: tuple[object, str]) -> None:
    """Print the files that were written, each with what it contains."""
    typer.echo("\nWritten:")
    for file, content in files:
        typer.echo(f"  {file}  {content}")


def print_next(*commands: str) -> None:
    """Print the commands to run next."""
    typer.echo("\nNext:")
    for command in commands:
        typer.echo(f"  {command}")
