"""The integrators: those for many are ASE's for one; energy is conserved; thermostats sample what they say."""

from dataclasses import replace

import numpy as np
import pytest
from ase import units
from scipy import stats
from simulation.dynamics.closed_form import Springs, start

from supple.simulation.dynamics.engines import engine_for
from supple.simulation.dynamics.momenta import initial_state, temperatures
from supple.simulation.dynamics.settings import DynamicsSettings

ENSEMBLES = ["nve", "langevin", "nose-hoover"]


def settings(ensemble, **values):
    return DynamicsSettings.of(**{"ensemble": ensemble, "every": 1.0, "time": 1.0} | values)


def states(chosen, n=1, seed=0):
    data = start(n, seed)
    return [
        initial_state(
            data.numbers, data.positions[k], chosen.temperature, np.random.default_rng([seed, k]),
            rigid_motion=chosen.ensemble == "langevin",
        )
        for k in range(n)
    ]  # fmt: skip


@pytest.mark.parametrize("ensemble", ENSEMBLES)
def test_a_batch_moves_as_each_molecule_by_ase(ensemble):
    chosen = settings(ensemble, damping=20.0)
    many = engine_for(Springs(), chosen, states(chosen, 3), batched=True)
    alone = [engine_for(Springs(), chosen, [state], batched=False) for state in states(chosen, 3)]
    for _ in range(200):
        many.step()
        for one in alone:
            one.step()
    moved = np.abs(many.positions - [state.positions for state in states(chosen, 3)]).max()
    assert moved > 0.1
    for k, one in enumerate(alone):
        for what in ("positions", "momenta", "forces", "energies"):
            np.testing.assert_allclose(getattr(many, what)[k], getattr(one, what)[0], rtol=1e-9, atol=1e-9)
        assert many.kinetic_energies()[k] == pytest.approx(one.kinetic_energies()[0], abs=1e-9)
        if ensemble != "langevin":
            assert many.conserved_energies()[k] == pytest.approx(one.conserved_energies()[0], abs=1e-9)
        assert many.degrees_of_freedom[k] == one.degrees_of_freedom[0] == (18 if ensemble == "langevin" else 12)


def conserved(ensemble, timestep, ps=1.0):
    chosen = settings(ensemble, timestep=timestep, temperature=500.0, damping=20.0)
    engine = engine_for(Springs(), chosen, states(chosen, 4), batched=True)
    energies = []
    for _ in range(round(1e3 * ps / timestep)):
        engine.step()
        energies.append(engine.conserved_energies())
    return np.array(energies)


@pytest.mark.parametrize("ensemble", ["nve", "nose-hoover"])
def test_energy_is_conserved_to_the_square_of_the_time_step(ensemble):
    coarse, fine = conserved(ensemble, 0.5), conserved(ensemble, 0.25)
    ratio = coarse.std(axis=0).mean() / fine.std(axis=0).mean()
    assert ratio == pytest.approx(4.0, rel=0.15)
    steady = fine[-400:].mean(axis=0) - fine[:400].mean(axis=0)
    assert np.abs(steady).max() < 0.002 * 12 / 2 * units.kB * 500  # no drift beside the fluctuation


def kinetic_energies(ensemble, kelvin, replicas=200, samples=6):
    """Of replicas that know nothing of each other, at moments far apart."""
    chosen = settings(ensemble, temperature=kelvin, damping=15.0)
    engine = engine_for(Springs(), chosen, states(chosen, replicas, seed=3), batched=True)
    found = []
    for step in range(1, 1000 + 500 * samples + 1):
        engine.step()
        if step > 1000 and step % 500 == 0:
            found.append(engine.kinetic_energies())
    return np.array(found), int(engine.degrees_of_freedom[0])


@pytest.mark.parametrize("ensemble", ["langevin", "nose-hoover"])
def test_kinetic_energies_are_those_of_the_canonical_ensemble(ensemble):
    """2K/kT is χ² distributed, with as many degrees of freedom as there are; Kolmogorov and Smirnov judge it."""
    kelvin = 1000.0  # springs that are hardly stretched are harmonic, and their energies would not mix
    found, freedom = kinetic_energies(ensemble, kelvin)
    one_after_another = np.corrcoef(found[:-1].ravel(), found[1:].ravel())[0, 1]
    assert abs(one_after_another) < 0.1  # decorrelated
    scaled = 2 * found.ravel() / (units.kB * kelvin)
    assert stats.kstest(scaled, stats.chi2(freedom).cdf).pvalue > 1e-3
    # ... which would notice a temperature that is off by a tenth, and six degrees of freedom that are not there
    assert stats.kstest(scaled * 1.1, stats.chi2(freedom).cdf).pvalue < 1e-4
    assert stats.kstest(scaled, stats.chi2(freedom + 6).cdf).pvalue < 1e-6
    mean = temperatures(found.ravel(), np.full(found.size, freedom)).mean()
    deviation = kelvin * np.sqrt(2 / freedom / found.size)
    assert abs(mean - kelvin) < 4 * deviation + 0.015 * kelvin  # what the time step makes of springs as stiff as these


def test_first_momenta_are_of_the_temperature_and_without_motion_of_the_whole():
    drawn = states(settings("nve"), 400)
    momenta = np.array([state.momenta for state in drawn])
    positions = np.array([state.positions for state in drawn])
    np.testing.assert_allclose(momenta.sum(axis=1), 0.0, atol=1e-10)
    np.testing.assert_allclose(np.cross(positions, momenta).sum(axis=1), 0.0, atol=1e-10)
    engine = engine_for(Springs(), settings("nve"), drawn, batched=True)
    scaled = 2 * engine.kinetic_energies() / (units.kB * 300.0)
    assert stats.kstest(scaled, stats.chi2(12).cdf).pvalue > 1e-3


def test_a_linear_molecule_has_one_rotation_less():
    line = np.array([[0.0, 0.0, z] for z in (-1.2, 0.0, 1.2)])
    state = initial_state(np.array([8, 6, 8]), line, 300.0, np.random.default_rng(0), rigid_motion=False)
    assert state.degrees_of_freedom == 4


@pytest.mark.parametrize("batched", [False, True])
@pytest.mark.parametrize("ensemble", ENSEMBLES)
def test_another_engine_goes_on_from_a_state_to_the_bit(ensemble, batched):
    chosen = settings(ensemble)
    engine = engine_for(Springs(), chosen, states(chosen), batched=batched)
    for _ in range(20):
        engine.step()
    again = engine_for(Springs(), chosen, [engine.state(0)], batched=batched)
    for _ in range(20):
        engine.step()
        again.step()
    assert np.array_equal(engine.positions, again.positions)
    assert np.array_equal(engine.momenta, again.momenta)


@pytest.mark.parametrize("ensemble", ENSEMBLES)
def test_those_that_are_kept_do_not_notice_that_others_left(ensemble):
    chosen = settings(ensemble)
    all_three = engine_for(Springs(), chosen, states(chosen, 3), batched=True)
    fewer = engine_for(Springs(), chosen, states(chosen, 3), batched=True)
    for engine in (all_three, fewer):
        engine.step()
    fewer.keep(np.array([True, False, True]))
    for _ in range(30):
        all_three.step()
        fewer.step()
    np.testing.assert_allclose(fewer.positions, all_three.positions[[0, 2]], rtol=0, atol=1e-12)
    assert len(fewer.rngs) == len(fewer.degrees_of_freedom) == 2


@pytest.mark.parametrize("batched", [False, True])
@pytest.mark.parametrize("ensemble", ENSEMBLES)
def test_a_molecule_that_is_placed_goes_on_from_there(ensemble, batched):
    chosen = settings(ensemble)
    engine = engine_for(Springs(), chosen, states(chosen), batched=batched)
    for _ in range(10):
        engine.step()
    (other,) = states(chosen, seed=5)
    engine.set_state(0, other)
    fresh = engine_for(Springs(), chosen, [other], batched=batched)
    for _ in range(10):
        engine.step()
        fresh.step()
    assert np.array_equal(engine.positions, fresh.positions)


@pytest.mark.parametrize("batched", [False, True])
def test_a_molecule_that_has_wandered_off_is_taken_back(batched):
    chosen = settings("langevin")
    state = states(chosen)[0]
    shape = state.positions
    moved = replace(state, positions=shape + np.array([0.0, 3.0, 0.0]))
    engine = engine_for(Springs(), chosen, [moved], batched=batched)
    engine.recentre()
    np.testing.assert_allclose(engine.positions[0], shape, atol=1e-12)
