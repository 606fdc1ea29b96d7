"""What a study will take: the time and memory of every training, before any is started."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from supple.models.cost_estimate import CostEstimate
from supple.runtime.machine import GIB
from supple.runtime.progress import SILENCE, Progress
from supple.runtime.workers.capacity import Room
from supple.study.formatting import display_name, duration
from supple.study.plan import Cell
from supple.study.study_data import Job

#: Seconds until the process of a training has loaded its libraries.
_START = 4.0


@dataclass(frozen=True)
class Line:
    """The trainings of one model on one dataset at one size, which differ in their seeds.

    Attributes:
        dataset, model, n_train: which.
        left, done: how many are still to be done, and how many are done.
        forecast: of each.
    """

    dataset: str
    model: str
    n_train: int
    left: int
    done: int
    forecast: CostEstimate


@dataclass(frozen=True)
class Outlook:
    """All trainings of a study.

    Attributes:
        lines: by dataset, model and size.
        seconds: expected until the last one ends; None where it is not known how many run at a time.
        at_a_time: most trainings at a time; None where that is not known.
    """

    lines: tuple[Line, ...]
    seconds: float | None
    at_a_time: int | None

    @property
    def left(self) -> int:
        """Trainings that are still to be done."""
        return sum(line.left for line in self.lines)

    def sentence(self) -> str:
        """The outlook in a sentence."""
        done = sum(line.done for line in self.lines)
        before = f", {done} are done" if done else ""
        if not self.left:
            return f"{done} trainings are planned, and all are done."
        work = sum(line.left * line.forecast.seconds for line in self.lines)
        memory = max(line.forecast.n_bytes for line in self.lines if line.left) / GIB
        when = (
            f"about {duration(self.seconds)} with {self.at_a_time} at a time"
            if self.seconds is not None
            else "on as many workers as there will be"
        )
        return (
            f"{self.left} trainings are to be done{before}: {duration(work)} of one core at most, {when}; up to {memory:.1f} GiB "
            "for one of them."
        )

    def rows(self) -> list[list[str]]:
        """Cells of a table, whose heading is `HEADINGS`."""
        return [
            [
                *(line.dataset, display_name(line.model), str(line.n_train), str(line.left), str(line.done)),
                duration(line.forecast.seconds),
                f"{line.forecast.n_bytes / GIB:.1f} GiB",
            ]
            for line in self.lines
        ]


HEADINGS = ("dataset", "model", "frames", "to do", "done", "each, on a core", "memory")


def forecasts(jobs: Sequence[Job], progress: Progress = SILENCE) -> dict[Cell, CostEstimate]:
    """What every training takes; those that differ in their seed alone take the same."""
    known: dict[tuple[str, str, int], CostEstimate] = {}
    found = {}
    for job in jobs:
        key = (job.cell.dataset, job.cell.model, job.cell.n_train)
        if key not in known:
            progress.step("forecast", len(known), len({(j.cell.dataset, j.cell.model, j.cell.n_train) for j in jobs}))
            alone = job.settings.estimate_cost(*job.frames())
            known[key] = CostEstimate(alone.seconds + _START, alone.n_bytes)
        found[job.cell] = known[key]
    progress.step("forecast", 1, 1)
    return found


def outlook(
    jobs: Sequence[Job], left: Sequence[Job], expected: Mapping[Cell, CostEstimate], room: Room | None
) -> Outlook:
    """The outlook of a study.

    Args:
        jobs: all trainings.
        left: those that are still to be done, in the order in which they will be started.
        expected: what each takes.
        room: how much may run at the same time, where that is known.
    """
    todo = {job.cell for job in left}
    groups: dict[tuple[str, str, int], list[Cell]] = {}
    for job in jobs:
        groups.setdefault((job.cell.dataset, job.cell.model, job.cell.n_train), []).append(job.cell)
    lines = tuple(
        Line(*key, sum(cell in todo for cell in cells), sum(cell not in todo for cell in cells), expected[cells[0]])
        for key, cells in sorted(groups.items())
    )
    if room is None or not left:
        return Outlook(lines, None if left else 0.0, None)
    seconds, at_a_time = _in_parallel([expected[job.cell] for job in left], room)
    return Outlook(lines, seconds, at_a_time)


def _in_parallel(trainings: Sequence[CostEstimate], room: Room) -> tuple[float, int]:
    """When the last ends, and how many run at most, if each is started as soon as there is room for it."""
    now, most = 0.0, 0
    running: list[tuple[float, int]] = []
    shares = [room.share(one.n_bytes) for one in trainings]
    for i, one in enumerate(trainings):
        while not room.holds([shares[i], *(shares[k] for _, k in running)]):
            now = heapq.heappop(running)[0]
        heapq.heappush(running, (now + one.seconds / shares[i].threads, i))
        most = max(most, len(running))
    return max(end for end, _ in running), most
