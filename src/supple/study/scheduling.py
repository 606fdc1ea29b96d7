"""What a study trains next: everything that is not complete, cheap trainings first, whatever happens to the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from supple.data.selection import duplicate_note
from supple.models.cost_estimate import CostEstimate
from supple.models.registry import settings_class
from supple.runtime.progress import NO_PROGRESS, Progress
from supple.runtime.workers.backends import Backend, LocalBackend
from supple.runtime.workers.cluster import TaskFailure
from supple.runtime.workers.dispatch import Dispatcher, QueuedTask
from supple.study.cell_task import CellTask, is_complete, record_failure
from supple.study.cost_estimate import StudyEstimate, estimate_study, estimate_trainings
from supple.study.model_name import kind_of
from supple.study.plan import Cell, StudyPlan
from supple.study.reference_frames import reference_file, save_reference
from supple.study.study_data import Job, prepare
from supple.study.study_file import add_to_record
from supple.study.study_progress import StudyProgress
from supple.training.forecast import compilation_sentence


@dataclass(frozen=True)
class Schedule:
    """The trainings of a plan.

    Attributes:
        jobs: all of them.
        remaining: those that are not complete, in the order in which they are started: cheap ones first.
        estimates: time and memory of each.
        total: time and memory of all together.
    """

    jobs: list[Job]
    remaining: list[Job]
    estimates: Mapping[Cell, CostEstimate]
    total: StudyEstimate


def make_schedule(
    plan: StudyPlan, out: Path, progress: Progress = NO_PROGRESS, backend: Backend | None = None
) -> Schedule:
    """Read the data of a plan, and estimate its time and memory; nothing is written.

    Raises:
        DataError, SplitError, SettingsError: the plan cannot be carried out, or the folder holds a study with other settings.
    """
    if sentence := compilation_sentence(settings_class(kind_of(model)) for model in plan.models):
        progress.note(sentence)
    jobs = prepare(plan, out)
    remaining = [job for job in jobs if not is_complete(job.directory, job.cell.name, job.configuration())]
    estimates = estimate_trainings(jobs, progress)
    remaining.sort(key=lambda job: estimates[job.cell].seconds)
    total = estimate_study(jobs, remaining, estimates, (backend or LocalBackend()).capacity())
    return Schedule(jobs, remaining, estimates, total)


def run_trainings(plan: StudyPlan, out: Path, progress: Progress = NO_PROGRESS, backend: Backend | None = None) -> None:
    """Train every cell of a plan that is not complete; those that failed before are tried again.

    Args:
        plan: what to train.
        out: folder of the study; an incomplete or smaller study in it is resumed.
        progress: receives notes and steps; the task `study` counts the estimated seconds of trainings, every other task is
            a training.
        backend: where to train; this machine when None. With one training at a time, or a single one left, they run in this
            process.

    Raises:
        DataError, SplitError, SettingsError: the plan cannot be carried out, or the folder holds a study with other settings;
            nothing has been trained then.
    """
    backend = backend or LocalBackend()
    schedule = make_schedule(plan, out, progress, backend)
    add_to_record(out, plan, schedule.jobs)
    _save_references(out, schedule.jobs)
    _calculate_baselines(schedule.remaining, progress)
    by_dataset = {job.cell.dataset: job.data.frames for job in schedule.jobs}
    for note in filter(None, map(duplicate_note, by_dataset.values())):
        progress.note(note)
    progress.note(schedule.total.sentence())
    state = StudyProgress(
        {job.cell.name: schedule.estimates[job.cell].seconds for job in schedule.jobs},
        {job.cell.name for job in schedule.remaining},
        progress,
    )
    if isinstance(backend, LocalBackend) and (backend.in_process or len(schedule.remaining) <= 1):
        for job in schedule.remaining:
            state.end(job.cell.name, CellTask(job.cell.name, job.training())(progress))
    else:
        _dispatch(schedule, backend, out, state, progress)


def _dispatch(schedule: Schedule, backend: Backend, out: Path, state: StudyProgress, progress: Progress) -> None:
    """Train on workers."""
    directories = {job.cell.name: job.directory for job in schedule.remaining}

    def end(name: str, outcome: str | TaskFailure | None) -> None:
        if isinstance(outcome, TaskFailure):  # the task could not record that itself
            record_failure(directories[name], outcome.reason)
        state.end(name, outcome.reason if isinstance(outcome, TaskFailure) else outcome)

    if schedule.remaining:
        with backend.open(len(schedule.remaining), out, progress) as cluster:
            Dispatcher(cluster, progress, end).run(_queued(job, schedule) for job in schedule.remaining)


def _queued(job: Job, schedule: Schedule) -> QueuedTask:
    memory = schedule.estimates[job.cell].n_bytes
    return QueuedTask(job.cell.name, memory, lambda: CellTask(job.cell.name, job.training()))


def _calculate_baselines(jobs: Sequence[Job], progress: Progress) -> None:
    """Calculate the baselines of all trainings before any is started, the largest training of each kind first."""
    for job in sorted(jobs, key=lambda job: -job.cell.n_train):
        if job.settings.baseline is not None:
            job.training().calculate_baseline(progress)


def _save_references(out: Path, jobs: Sequence[Job]) -> None:
    """Save the test frames of each dataset and seed, for the report."""
    for job in jobs:
        file = reference_file(out, job.cell.dataset, job.cell.seed)
        if not file.exists():
            save_reference(file, job.test_frames())
