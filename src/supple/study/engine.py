"""The engine of a study: train what is not yet trained, cheap ones first, whatever happens to the others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from supple.machine import cores
from supple.progress import SILENCE, Progress
from supple.study.attempt import attempt, is_done
from supple.study.material import Job, prepare
from supple.study.plan import StudyPlan
from supple.study.record import add_to_record
from supple.study.workers import run_in_workers


def run(plan: StudyPlan, out: Path, progress: Progress = SILENCE, jobs: int | None = None) -> None:
    """Train every cell of a plan that is not done; those that failed before are tried again.

    Models that keep all cores busy are trained one after another in this process, then those that run best on one
    core, several at a time in processes of their own.

    Args:
        plan: what to train.
        out: folder of the study; an unfinished or smaller study in it is gone on with.
        progress: listens; the task `study` counts trainings, every other task is a training.
        jobs: how many one-core trainings at a time; as many as there are cores when None.

    Raises:
        DataError, SplitError, SettingsError: the plan cannot work, or the folder holds a study with other settings;
            nothing has been trained then.
    """
    wanted = prepare(plan, out)
    left = [job for job in wanted if not is_done(job)]
    add_to_record(out, plan, wanted)
    if len(left) < len(wanted):
        progress.note(f"{len(wanted) - len(left)} of {len(wanted)} trainings are done already.")
    _Engine(len(wanted), len(wanted) - len(left), progress).run(left, cores() if jobs is None else max(jobs, 1))


class _Engine:
    def __init__(self, total: int, done: int, progress: Progress) -> None:
        self.total, self.done, self.failed = total, done, 0
        self.progress = progress

    def run(self, left: Sequence[Job], count: int) -> None:
        alone = [job for job in left if job.settings.cores == "all"]
        beside = [job for job in left if job.settings.cores == "one"]
        self._report()
        if count == 1 or len(beside) <= 1:
            alone, beside = alone + beside, []
        for job in alone:
            self._end(job, attempt(job, self.progress))
        if beside:
            run_in_workers(beside, count, self.progress, self._end)

    def _end(self, job: Job, failure: str | None) -> None:
        self.done += 1
        self.failed += failure is not None
        self.progress.step(job.cell.name, 1, 1, "failed" if failure else "done")
        if failure:
            self.progress.note(f"{job.cell.name} failed: {failure}")
        self._report()

    def _report(self) -> None:
        self.progress.step("study", self.done, self.total, f"{self.failed} failed" if self.failed else "")
