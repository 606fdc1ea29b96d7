"""Progress of a study: one task for the study, and one for each training that runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from supple.runtime.failures import naming
from supple.runtime.progress import Progress


class StudyProgress:
    """Counts the trainings of a study and reports the task `study`, weighted by the estimated seconds of each training.

    Args:
        seconds: estimate for each training, by name.
        remaining: the trainings that are not complete.
        progress: receives notes and steps.
    """

    def __init__(self, seconds: Mapping[str, float], remaining: Collection[str], progress: Progress) -> None:
        self._seconds = {name: max(value, 1e-3) for name, value in seconds.items()}
        self._complete = set(self._seconds) - set(remaining)
        self._failed = 0
        self._progress = progress
        self._report()

    def end(self, name: str, failure: str | None) -> None:
        """Count a training that has ended; `failure` is what went wrong, if anything."""
        self._complete.add(name)
        self._failed += failure is not None
        self._progress.step(name, 1, 1, "failed" if failure else "complete")
        if failure:
            self._progress.note(f"{name} failed: {failure}")
        self._report()

    def _report(self) -> None:
        failed = f", {self._failed} failed" if self._failed else ""
        detail = f"{len(self._complete)} of {len(self._seconds)} trainings{failed}"
        total = sum(self._seconds.values())
        all_complete = len(self._complete) == len(self._seconds)
        done = total if all_complete else sum(self._seconds[name] for name in self._complete)
        self._progress.step("study", done, total, detail)


class CellProgress:
    """Reports all steps of one training under the name of its cell: one line for each cell that runs.

    Its notes are written to notes.txt in the cell's folder: those of dozens of trainings would fill pages.
    """

    def __init__(self, cell: str, directory: Path, listener: Progress) -> None:
        self.cell = cell
        self.directory = directory
        self.listener = listener

    def note(self, sentence: str) -> None:
        """Append the sentence to notes.txt."""
        self.directory.mkdir(parents=True, exist_ok=True)
        notes = self.directory / "notes.txt"
        with naming(notes), notes.open("a", encoding="utf-8") as file:
            file.write(sentence + "\n")

    def step(self, task: str, done: float, total: float, detail: str = "") -> None:
        """The step, as a step of the cell."""
        self.listener.step(self.cell, done, total, f"{task} {detail}".strip())
