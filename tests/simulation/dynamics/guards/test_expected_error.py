"""The guard that knows how wrong the forces are: its limit in the user's units, and when it triggers."""

import numpy as np
import pytest
from toy import ATOMS, toy_dataset

from supple import SGDML
from supple.data.units import Units
from supple.errors import SettingsError
from supple.simulation.dynamics.force_limit import ForceLimit
from supple.simulation.dynamics.guards import Snapshot, guards_for
from supple.simulation.dynamics.settings import DynamicsSettings

KCAL = Units.parse("kcal/mol")


@pytest.fixture(scope="module")
def potential():
    train, valid, _ = toy_dataset(80).split(train=50, valid=20, seed=0)
    return SGDML(sigma=8.0).fit(train, valid)


def guard(potential, limit):
    guards = guards_for(potential, ATOMS.positions[None], DynamicsSettings.of(max_error=limit))
    (found,) = (one for one in guards.active if one.name == "expected force error")
    return found


def test_triggers_where_an_error_bar_is_above_the_limit(potential):
    positions = toy_dataset(30, seed=9).positions
    stds = potential.predict(positions, uncertainty=True).forces_std.max(axis=1)
    limit = float(np.median(stds))
    found = guard(potential, f"{limit!r}eV/Å").check(Snapshot(positions, None, np.arange(30)))
    assert [problem is not None for problem in found] == (stds > limit).tolist()
    row = int(stds.argmax())
    assert f"an expected error of {stds[row]:.3g} eV/Å (--max-error {limit:.3g} eV/Å)" in found[row]


def test_a_torn_molecule_and_one_that_is_not_finite(potential):
    torn = np.concatenate([2 * ATOMS.positions[None], np.full((1, *ATOMS.positions.shape), np.inf)])
    found = guard(potential, "1e-3").check(Snapshot(torn, None, np.arange(2)))
    assert all("expected error" in problem for problem in found)


def test_the_limit_is_ten_times_the_validation_error_unless_another_is_given(potential):
    assert guard(potential, None).limit.in_ev_per_angstrom == pytest.approx(
        10 * potential.provenance.usual_error("forces")
    )
    names = guards_for(potential, ATOMS.positions[None], DynamicsSettings.of()).names
    assert "distance from the training set" not in names


def test_no_error_bars_no_limit(potential):
    bars, potential.error_bars = potential.error_bars, None
    try:
        with pytest.raises(SettingsError, match="no error bars: add them with 'supple calibrate"):
            guard(potential, "0.2eV/Å")
        names = guards_for(potential, ATOMS.positions[None], DynamicsSettings.of()).names
        assert "expected force error" not in names and "distance from the training set" in names
    finally:
        potential.error_bars = bars


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.2eV/Å", 0.2),
        ("0.2 eV/A", 0.2),
        ("5kcal/mol/Å", 5 * 0.0433641),
        ("5", 5 * 0.0433641),
        ("1e-2hartree/bohr", 0.514221),
    ],
)
def test_limits(text, expected):
    limit = ForceLimit.parse(text, KCAL)
    assert limit.in_ev_per_angstrom == pytest.approx(expected, rel=1e-5)
    assert limit.in_unit(limit.in_ev_per_angstrom).startswith(f"{limit.value:.3g} ")


@pytest.mark.parametrize("text", ["", "much", "-1", "0", "nan", "inf", "1 furlong/Å", "1eV", "1..2", "0.2eV/Å/s"])
def test_what_is_no_limit(text):
    with pytest.raises(SettingsError, match="limit of a force"):
        ForceLimit.parse(text, KCAL)
