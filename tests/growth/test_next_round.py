"""What comes after which rounds."""

import pytest

from supple.data.units import Units
from supple.errors import SettingsError
from supple.growth.next_round import NO_GAIN, REACHED, REPRESENTATIVE, SPENT, next_round, nothing_left, test_size
from supple.growth.round_folder import ErrorOf, RoundRecord
from supple.growth.settings import Goal, drive_for

GOAL = Goal.of("1 kcal/mol/Å", 200)
test_size.__test__ = False


def record(kind, calculations, error=None, because="", budget=200):
    before = (
        {} if error is None else {REPRESENTATIVE: ErrorOf(rmse=error * GOAL.target, mae=error * GOAL.target, frames=5)}
    )
    return RoundRecord(
        kind=kind, calculations=calculations, before=before, because=because, budget=budget, seconds=1.0, interval=None
    )


FIRST = record("first", 25)


def test_it_begins_with_explored_geometries():
    plan = next_round([], GOAL)
    assert (plan.kind, plan.count) == ("first", 25)
    assert next_round([], Goal.of("1", 20)).count == 10


def test_batches_grow_with_what_there_is():
    assert next_round([FIRST], GOAL).count == 10
    assert next_round([FIRST, record("growth", 75, 3)], GOAL).count == 25


def test_the_budget_includes_the_test():
    rounds = [FIRST, record("growth", 130, 3)]
    plan = next_round(rounds, GOAL)
    assert (plan.kind, plan.count) == ("growth", 200 - 155 - 40)
    plan = next_round([*rounds, record("growth", 5, 3)], GOAL)
    assert (plan.kind, plan.count, plan.because) == ("test", 40, SPENT)


def test_a_target_that_is_reached_is_tested():
    plan = next_round([FIRST, record("growth", 10, 0.9)], GOAL)
    assert (plan.kind, plan.because) == ("test", REACHED)


@pytest.mark.parametrize(("error", "goes_on"), [(0.95, False), (1.2, True)])
def test_growth_goes_on_where_the_test_is_worse_than_the_target(error, goes_on):
    plan = next_round([FIRST, record("growth", 10, 0.9), record("test", 40, error, REACHED)], GOAL)
    assert (plan is not None) == goes_on
    if goes_on:
        assert plan.kind == "growth"


def test_growth_without_gain_ends_unless_there_is_more_budget():
    rounds = [FIRST, *(record("growth", 10, error) for error in (3, 2, 1.99, 2.0, 1.98))]
    plan = next_round(rounds, GOAL)
    assert (plan.kind, plan.because) == ("test", NO_GAIN)
    rounds.append(record("test", 40, 2, NO_GAIN))
    assert next_round(rounds, GOAL) is None
    assert next_round(rounds, Goal.of("1 kcal/mol/Å", 400)).kind == "growth"


@pytest.mark.parametrize("more", [14, 20, 30, 200])
def test_a_little_more_after_a_long_run_is_used(more):
    """The size of the test does not come from the whole budget then."""
    long = [FIRST, record("growth", 225, 3), record("test", 50, 3, SPENT, 300)]
    goal, rounds = Goal.of("1e-6", 300 + more), list(long)
    while (plan := next_round(rounds, goal)) is not None:
        rounds.append(record(plan.kind, plan.count, 100 / len(rounds), plan.because, 300 + more))
    new = rounds[len(long) :]
    assert [new[0].kind, new[-1].kind] == ["growth", "test"]
    assert sum(one.calculations for one in new) == more
    assert new[-1].calculations == max(10, min(50, more // 2))
    assert nothing_left(rounds, goal) is None


@pytest.mark.parametrize(("more", "left"), [(13, "13 calculations are left"), (1, "1 calculation is left")])
def test_too_little_more_is_said(more, left):
    long = [FIRST, record("growth", 225, 3), record("test", 50, 3, SPENT, 300)]
    assert next_round(long, Goal.of("1", 300 + more)) is None
    sentence = nothing_left(long, Goal.of("1", 300 + more))
    assert left in sentence
    assert "--budget 314 or more" in sentence
    assert next_round(long, Goal.of("1", 314)).kind == "growth"
    assert nothing_left(long, Goal.of("1", 300)) is None
    reached = [*long[:2], record("test", 50, 0.5, SPENT, 300)]
    assert "Give a smaller --target" in nothing_left(reached, Goal.of("1", 300 + more))
    assert nothing_left(reached, Goal.of("1", 300)) is None


def test_improvement_is_gain():
    rounds = [FIRST, *(record("growth", 10, error) for error in (3, 2.8, 2.6, 2.4, 2.2))]
    assert next_round(rounds, GOAL).kind == "growth"


@pytest.mark.parametrize("budget", [20, 37, 80, 200, 1000])
def test_the_budget_is_never_exceeded(budget):
    goal, rounds = Goal.of("1e-6", budget), []
    while (plan := next_round(rounds, goal)) is not None:
        error = 100 / (1 + len(rounds)) if rounds else None
        rounds.append(record(plan.kind, plan.count, error, plan.because, budget))
    assert sum(one.calculations for one in rounds) <= budget
    assert rounds[-1].kind == "test"
    assert rounds[-1].calculations >= 10


@pytest.mark.parametrize("text", ["1 kcal/mol/Å", "1", "43.3641 meV/Å", "0.0433641 eV/Å"])
def test_targets_in_all_units(text):
    assert Goal.of(text, 100).target == pytest.approx(0.0433641, rel=1e-4)


def test_a_target_keeps_its_unit():
    assert Goal.of("40 meV/Å", 100).units == Units.of("meV")
    assert Goal.of("40 meV/Å", 100).shown(0.05) == "50 meV/Å"


@pytest.mark.parametrize("text", ["", "0", "-1", "one kcal/mol", "1 parsec", "1 kcal/mol/Å/Å"])
def test_what_is_no_target_is_refused(text):
    with pytest.raises(SettingsError, match="is not a force error: write a number above zero and a unit"):
        Goal.of(text, 100)


def test_the_drive_is_another_method():
    assert drive_for("GFN2-xTB") != "GFN2-xTB"
    assert drive_for("pyscf:PBE/def2-SVP") == "GFN2-xTB"
