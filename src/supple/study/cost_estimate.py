"""The time and memory of a study, estimated before any training is started."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from supple.models.cost_estimate import CostEstimate
from supple.runtime.machine import GIB
from supple.runtime.progress import NO_PROGRESS, Progress
from supple.runtime.rounding import duration
from supple.runtime.workers.capacity import Capacity
from supple.study.model_style import display_name
from supple.study.plan import Cell
from supple.study.study_data import Job

#: Seconds until the process of a training has loaded its libraries.
STARTUP_SECONDS = 4.0
HEADINGS = ("dataset", "model", "frames", "to do", "complete", "time each, on one core", "memory")


@dataclass(frozen=True)
class GroupEstimate:
    """The trainings of one model on one dataset at one size, which differ only in their seeds.

    Attributes:
        dataset, model, n_train: what is trained.
        remaining, complete: numbers of trainings.
        cost: of each.
    """

    dataset: str
    model: str
    n_train: int
    remaining: int
    complete: int
    cost: CostEstimate

    def to_json(self) -> dict[str, Any]:
        """As `supple study --plan --json` prints it."""
        return {
            "dataset": self.dataset,
            "model": self.model,
            "n_train": self.n_train,
            "left": self.remaining,
            "done": self.complete,
            "forecast": asdict(self.cost),
        }


@dataclass(frozen=True)
class StudyEstimate:
    """All trainings of a study.

    Attributes:
        groups: by dataset, model and size.
        seconds: until the last training ends; None where it is unknown how many run at a time.
        parallel: most trainings at a time; None where that is unknown.
    """

    groups: tuple[GroupEstimate, ...]
    seconds: float | None
    parallel: int | None

    @property
    def remaining(self) -> int:
        """Trainings that are not complete."""
        return sum(group.remaining for group in self.groups)

    def sentence(self) -> str:
        """The estimate in a sentence."""
        complete = sum(group.complete for group in self.groups)
        if not self.remaining:
            return f"All {complete} trainings are complete."
        work = sum(group.remaining * group.cost.seconds for group in self.groups)
        memory = max(group.cost.n_bytes for group in self.groups if group.remaining) / GIB
        when = (
            f"about {duration(self.seconds)} with {self.parallel} at a time"
            if self.seconds is not None
            else "on all available workers"
        )
        return (
            f"{self.remaining} trainings to run{f' ({complete} complete)' if complete else ''}: at most {duration(work)} on "
            f"one core, {when}; up to {memory:.1f} GiB of memory each."
        )

    def rows(self) -> list[list[str]]:
        """Rows of a table with the headings `HEADINGS`."""
        return [
            [
                *(group.dataset, display_name(group.model), str(group.n_train)),
                *(str(group.remaining), str(group.complete)),
                duration(group.cost.seconds),
                f"{group.cost.n_bytes / GIB:.1f} GiB",
            ]
            for group in self.groups
        ]


def estimate_trainings(jobs: Sequence[Job], progress: Progress = NO_PROGRESS) -> dict[Cell, CostEstimate]:
    """Time and memory of every training; those that differ only in their seeds are estimated once."""
    known: dict[tuple[str, str, int], CostEstimate] = {}
    estimates = {}
    n_groups = len({_group(job) for job in jobs})
    for job in jobs:
        group = _group(job)
        if group not in known:
            progress.step("estimate", len(known), n_groups)
            alone = job.settings.estimate_cost(*job.frames())
            known[group] = replace(alone, seconds=alone.seconds + STARTUP_SECONDS)
        estimates[job.cell] = known[group]
    progress.step("estimate", 1, 1)
    return estimates


def estimate_study(
    jobs: Sequence[Job], remaining: Sequence[Job], estimates: Mapping[Cell, CostEstimate], capacity: Capacity | None
) -> StudyEstimate:
    """Time and memory of a study.

    Args:
        jobs: all trainings.
        remaining: those that are not complete, in the order in which they will be started.
        estimates: of each.
        capacity: how much can run at the same time, where that is known.
    """
    todo = {job.cell for job in remaining}
    by_group: dict[tuple[str, str, int], list[Cell]] = {}
    for job in jobs:
        by_group.setdefault(_group(job), []).append(job.cell)
    groups = tuple(
        GroupEstimate(
            *key, sum(cell in todo for cell in cells), sum(cell not in todo for cell in cells), estimates[cells[0]]
        )
        for key, cells in sorted(by_group.items())
    )
    if capacity is None or not remaining:
        return StudyEstimate(groups, None if remaining else 0.0, None)
    seconds, parallel = _in_parallel([estimates[job.cell] for job in remaining], capacity)
    return StudyEstimate(groups, seconds, parallel)


def _group(job: Job) -> tuple[str, str, int]:
    return job.cell.dataset, job.cell.model, job.cell.n_train


def _in_parallel(trainings: Sequence[CostEstimate], capacity: Capacity) -> tuple[float, int]:
    """When the last training ends, and how many run at most, if each is started as soon as there is capacity for it."""
    now, most = 0.0, 0
    running: list[tuple[float, int]] = []
    allocations = [capacity.allocate(one.n_bytes) for one in trainings]
    for i, one in enumerate(trainings):
        while not capacity.fits([allocations[i], *(allocations[k] for _, k in running)]):
            now = heapq.heappop(running)[0]
        heapq.heappush(running, (now + one.seconds_on(allocations[i].threads), i))
        most = max(most, len(running))
    return max(end for end, _ in running), most
