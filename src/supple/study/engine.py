"""The engine of a study: train what is not yet trained, cheap ones first, whatever happens to the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from supple.models.cost_estimate import CostEstimate
from supple.runtime.progress import SILENCE, Progress
from supple.runtime.workers.backends import Here, Place
from supple.runtime.workers.dispatch import Dispatch, Lost, Piece
from supple.study.cost_estimate import Outlook, forecasts, outlook
from supple.study.plan import Cell, StudyPlan
from supple.study.run_cell import Attempt, is_done, record_failure
from supple.study.study_data import Job, prepare
from supple.study.study_file import add_to_record
from supple.study.test_frames import reference_file, save_reference


@dataclass(frozen=True)
class Work:
    """A plan with its data, and what is to be expected of it.

    Attributes:
        jobs: all trainings.
        left: those that are not done, cheap ones first.
        expected: what each takes.
        outlook: all together.
    """

    jobs: list[Job]
    left: list[Job]
    expected: Mapping[Cell, CostEstimate]
    outlook: Outlook


def foresee(plan: StudyPlan, out: Path, progress: Progress = SILENCE, place: Place | None = None) -> Work:
    """Read the data of a plan, and say what it will take; nothing is written.

    Raises:
        DataError, SplitError, SettingsError: the plan cannot work, or the folder holds a study with other settings.
    """
    jobs = prepare(plan, out)
    left = [job for job in jobs if not is_done(job.directory, job.cell.name, job.configuration())]
    expected = forecasts(jobs, progress)
    left.sort(key=lambda job: expected[job.cell].seconds)
    return Work(jobs, left, expected, outlook(jobs, left, expected, (place or Here()).room()))


def run(plan: StudyPlan, out: Path, progress: Progress = SILENCE, place: Place | None = None) -> None:
    """Train every cell of a plan that is not done; those that failed before are tried again.

    Args:
        plan: what to train.
        out: folder of the study; an unfinished or smaller study in it is gone on with.
        progress: listens; the task `study` counts the expected seconds of trainings, every other task is a training.
        place: where; this machine when None. With one training at a time, or a single one left, they run in this process.

    Raises:
        DataError, SplitError, SettingsError: the plan cannot work, or the folder holds a study with other settings;
            nothing has been trained then.
    """
    place = place or Here()
    work = foresee(plan, out, progress, place)
    add_to_record(out, plan, work.jobs)
    _keep_references(out, work.jobs)
    progress.note(work.outlook.sentence())
    account = _Account(work, progress)
    account.report()
    if isinstance(place, Here) and (place.jobs == 1 or len(work.left) <= 1):
        for job in work.left:
            account.end(job.cell.name, Attempt(job.cell.name, job.training())(progress))
        return
    directories = {job.cell.name: job.directory for job in work.left}

    def end(name: str, came: str | Lost | None) -> None:
        if isinstance(came, Lost):  # it could not write that down itself
            record_failure(directories[name], came.reason)
        account.end(name, came.reason if isinstance(came, Lost) else came)

    if work.left:
        with place.open(len(work.left)) as crew:
            Dispatch(crew, progress, end).run(_piece(job, work.expected[job.cell]) for job in work.left)


def _piece(job: Job, expected: CostEstimate) -> Piece:
    return Piece(job.cell.name, expected.n_bytes, lambda: Attempt(job.cell.name, job.training()))


def _keep_references(out: Path, jobs: Sequence[Job]) -> None:
    """The test frames of each dataset and seed, for the report."""
    for job in jobs:
        file = reference_file(out, job.cell.dataset, job.cell.seed)
        if not file.exists():
            save_reference(file, job.test_frames())


class _Account:
    """How far a study is."""

    def __init__(self, work: Work, progress: Progress) -> None:
        self._seconds = {job.cell.name: max(work.expected[job.cell].seconds, 1e-3) for job in work.jobs}
        left = {job.cell.name for job in work.left}
        self._done = set(self._seconds) - left
        self._failed = 0
        self._progress = progress

    def end(self, name: str, failure: str | None) -> None:
        """Take note of the end of a training."""
        self._done.add(name)
        self._failed += failure is not None
        self._progress.step(name, 1, 1, "failed" if failure else "done")
        if failure:
            self._progress.note(f"{name} failed: {failure}")
        self.report()

    def report(self) -> None:
        """Say how far it is."""
        detail = f"{len(self._done)} of {len(self._seconds)} trainings" + (
            f", {self._failed} failed" if self._failed else ""
        )
        done = sum(self._seconds[name] for name in self._done)
        whole = sum(self._seconds.values())
        self._progress.step("study", whole if len(self._done) == len(self._seconds) else done, whole, detail)
