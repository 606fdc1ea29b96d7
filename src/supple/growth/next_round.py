"""What comes next: another round of growth, a test, or the end."""

from __future__ import annotations

from collections.abc import Sequence

from supple.growth.round_folder import RoundPlan, RoundRecord
from supple.growth.settings import Goal

#: Geometries of the first round and of a test: this part of the budget, within limits.
_FIRST, _FIRST_LIMITS = 8, (10, 30)
_TEST, _TEST_LIMITS = 5, (10, 50)
#: Geometries of other rounds: this part of all before, and at least so many.
_BATCH, _LEAST = 4, 10
#: Fewest geometries that a round is worth.
_WORTH = 4
#: Growth ends when in so many rounds the error has fallen by less than this part.
_ROUNDS, _GAIN = 3, 0.05
#: Frames of dynamics: those on which an error is estimated without bias.
REPRESENTATIVE = "dynamics"

REACHED, SPENT, NO_GAIN = "target reached", "budget spent", "no gain"


def next_round(records: Sequence[RoundRecord], goal: Goal, *, started: bool = False) -> RoundPlan | None:
    """The next round; None when nothing is left to do.

    Args:
        records: of the rounds so far.
        goal: target and budget.
        started: whether there is a force field to begin with.
    """
    used = sum(record.calculations for record in records)
    n_test = test_size(goal.budget, _tested(records))
    remaining = goal.budget - used
    if not records and not started:
        return RoundPlan(kind="first", count=max(1, min(_within(goal.budget // _FIRST, _FIRST_LIMITS), remaining)))
    last = records[-1] if records else None
    if last is not None and last.kind == "test":
        if _satisfied(last, goal) or remaining < n_test + _WORTH:
            return None
    elif (reason := _reason_to_test(records, goal, remaining - n_test)) is not None:
        return RoundPlan(kind="test", count=max(1, min(n_test, remaining)), because=reason)
    count = min(max(used // _BATCH, _LEAST), remaining - n_test)
    return RoundPlan(kind="growth", count=count)


def test_size(budget: int, before: int = 0) -> int:
    """The number of geometries of a test: a part of the budget, and at most half of what was left after the last test.

    Args:
        budget: of the run.
        before: calculations up to the last test.
    """
    return max(min(_within(budget // _TEST, _TEST_LIMITS), (budget - before) // 2), _TEST_LIMITS[0])


def nothing_left(records: Sequence[RoundRecord], goal: Goal) -> str | None:
    """Why a finished run does not go on although its budget is larger than before; None where it was not enlarged."""
    last = records[-1]
    if last.kind != "test" or goal.budget <= last.budget:
        return None
    if _satisfied(last, goal):
        return "Nothing was calculated: the last test reached the target. Give a smaller --target to go on."
    left, least = goal.budget - _tested(records), _TEST_LIMITS[0] + _WORTH
    are = "calculation is" if left == 1 else "calculations are"
    return (
        f"Nothing was calculated: {left} {are} left of the budget of {goal.budget}, and at least {least} are needed, {_WORTH} to learn "
        f"from and {_TEST_LIMITS[0]} for a new test. Give --budget {goal.budget - left + least} or more."
    )


def _tested(records: Sequence[RoundRecord]) -> int:
    """The calculations up to the last test, with those of the test."""
    last = max((k for k, record in enumerate(records) if record.kind == "test"), default=-1)
    return sum(record.calculations for record in records[: last + 1])


def _satisfied(test: RoundRecord, goal: Goal) -> bool:
    """Whether a test is the last one: the target was reached, or there was no gain with the budget of then."""
    if test.before[REPRESENTATIVE].rmse <= goal.target:
        return True
    return test.because != REACHED and goal.budget <= test.budget


def _reason_to_test(records: Sequence[RoundRecord], goal: Goal, remaining: int) -> str | None:
    """Why growth ends, if it does."""
    errors = [
        record.before[REPRESENTATIVE].rmse
        for record in records
        if record.kind == "growth" and REPRESENTATIVE in record.before
    ]
    if errors and errors[-1] <= goal.target:
        return REACHED
    if remaining < _WORTH:
        return SPENT
    if len(errors) > _ROUNDS and min(errors[-_ROUNDS:]) > (1 - _GAIN) * min(errors[:-_ROUNDS]):
        return NO_GAIN
    return None


def _within(value: int, limits: tuple[int, int]) -> int:
    return max(limits[0], min(value, limits[1]))
