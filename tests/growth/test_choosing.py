"""A batch: mostly frames of dynamics at random, and uncertain ones of energies that the temperature reaches."""

import numpy as np
import pytest
from ase import units
from toy import toy_dataset

from supple import SGDML
from supple.growth.choosing import UNCERTAIN, choose, choose_first
from supple.growth.dynamics import Drawn
from supple.growth.next_round import REPRESENTATIVE
from supple.growth.reach import within_reach
from supple.sampling.exploration.explore import Explored

DATA = toy_dataset(120)
#: At which the energies of the data are those of vibrations.
TEMPERATURE = float((DATA.energies.mean() - DATA.energies.min()) / ((3 * DATA.n_atoms - 6) / 2 * units.kB))


@pytest.fixture(scope="module")
def potential():
    return SGDML(sigma=8.0, lam=1e-8).fit(DATA.select(range(40)), DATA.select(range(40, 60)), seed=0, examined=())


DRAWN = Drawn(DATA.positions[60:90], DATA.positions[90:], DATA.positions[:0], (0, 16))


def test_three_quarters_are_representative(potential):
    choice = choose(potential, DATA.select(range(40)), DRAWN, 12, TEMPERATURE, np.random.default_rng(0))
    assert choice.reasons == [REPRESENTATIVE] * 9 + [UNCERTAIN] * 3
    assert len(np.unique(choice.positions.round(9), axis=0)) == 12


def test_what_the_temperature_never_reaches_is_left_out(potential):
    colder = TEMPERATURE / 10
    hot, _ = potential.predict(DRAWN.hot)
    reached = within_reach(hot, DATA.n_atoms, colder, DATA.energies[:40].min())
    assert not reached.all()
    choice = choose(potential, DATA.select(range(40)), DRAWN, 12, colder, np.random.default_rng(0))
    assert len(choice.positions) == 12
    assert not any((one == other).all() for one in choice.positions for other in DRAWN.hot[~reached])


def test_the_first_batch_is_of_geometries_within_reach():
    energies = DATA.energies.copy()
    energies[::2] += 1e3 * units.kB * TEMPERATURE
    origins = ("conformer 1", *["modes of conformer 1"] * (len(DATA) - 1))
    explored = Explored(DATA.numbers, DATA.positions, np.roll(energies, 1), origins, np.full(len(DATA), np.nan))
    choice = choose_first(explored, 10, TEMPERATURE, 0)
    assert len(choice.positions) == 10
    far = DATA.positions[1::2]
    assert not any((one == other).all() for one in choice.positions for other in far)


def test_three_standard_deviations_above_the_mean():
    thermal, half = units.kB * 300, (3 * 9 - 6) / 2
    energies = np.array([0.0, half, half + 3 * half**0.5 - 0.1, half + 3 * half**0.5 + 0.1]) * thermal - 5.0
    assert within_reach(energies, 9, 300.0, -5.0).tolist() == [True, True, True, False]
    assert within_reach(energies, 9, 300.0, -5.0, barrier=1.0).all()
