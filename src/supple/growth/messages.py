"""What a run says as it goes on."""

from __future__ import annotations

from supple.growth.next_round import REPRESENTATIVE
from supple.growth.round_folder import RoundRecord
from supple.growth.settings import Goal
from supple.runtime.progress import Progress
from supple.runtime.rounding import duration


class Quiet:
    """Progress of a training without its notes, which are those of every round: the run directory keeps them."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def note(self, sentence: str) -> None:
        """Not shown."""

    def step(self, task: str, done: float, total: float, detail: str = "") -> None:
        """As it comes."""
        self._progress.step(task, done, total, detail)


class Once:
    """Progress without notes that were shown before, such as those of workers, which are the same in every round."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._shown = progress, set[str]()

    def note(self, sentence: str) -> None:
        """Shown if it is new."""
        if sentence not in self._shown:
            self._shown.add(sentence)
            self._progress.note(sentence)

    def step(self, task: str, done: float, total: float, detail: str = "") -> None:
        """As it comes."""
        self._progress.step(task, done, total, detail)


def forecast(method: str, seconds: float, budget: int, workers: int | None) -> str:
    """What the calculations take.

    Args:
        method: of the calculations.
        seconds: that one of them took.
        budget: how many there may be.
        workers: how many are made at a time; None where that is unknown.
    """
    each = f"One calculation with {method} takes {duration(seconds)}"
    if workers is None:
        return f"{each}: {budget} of them about {duration(seconds * budget)} in all, shared by the workers, besides dynamics and training."
    on = f"{duration(seconds * budget / workers)} on {workers} core{'s' if workers > 1 else ''}"
    return f"{each}: {budget} of them about {on}, besides dynamics and training."


def round_ended(number: int, record: RoundRecord, succeeded: int, goal: Goal) -> str:
    """What came of a round."""
    sentence = f"Round {number}: {succeeded} of {record.calculations} calculations succeeded"
    if REPRESENTATIVE in record.before:
        error = record.before[REPRESENTATIVE]
        sentence += f"; the force field before them had a force RMSE of {goal.shown(error.rmse)} on {error.frames} new frames of dynamics"
    return f"{sentence}."


def left_the_range(replicas: int, of: int, *, test: bool) -> list[str]:
    """How many replicas a guard stopped or pushed back; nothing if none."""
    if not replicas:
        return []
    if test:
        return [f"{replicas} of {of} replicas of the test left the range of the training frames once or more."]
    return [f"{replicas} of {of} replicas left the range of the training frames."]
