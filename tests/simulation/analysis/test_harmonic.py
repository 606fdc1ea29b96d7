"""Vibrations, temperatures and drift of a molecule of which they are known exactly."""

import dataclasses

import numpy as np
import pytest
from simulation.analysis.harmonic import KELVIN, MASSES, WATER, WAVENUMBERS, trajectory

from supple.molecule.rigid_modes import motions
from supple.simulation.analysis.drift import drift
from supple.simulation.analysis.equipartition import equipartition
from supple.simulation.analysis.spectrum import PER_FS, nyquist_wavenumber, spectrum


@pytest.fixture(scope="module")
def harmonic():
    return trajectory()


def test_the_spectrum_has_a_line_at_each_frequency_and_a_third_of_all_in_each(harmonic):
    found = spectrum([harmonic])
    np.testing.assert_allclose(found.peaks, WAVENUMBERS, atol=1.0)
    assert np.trapezoid(found.density, found.wavenumbers) == pytest.approx(1.0, abs=1e-3)
    for line in WAVENUMBERS:
        near = np.abs(found.wavenumbers - line) < 100
        assert np.trapezoid(found.density[near], found.wavenumbers[near]) == pytest.approx(1 / 3, abs=0.01)
        # as wide as is said
        half = found.wavenumbers[near][found.density[near] > found.density[near].max() / 2]
        assert half[-1] - half[0] == pytest.approx(found.resolution, rel=0.1)
    np.testing.assert_allclose(sum(found.by_element.values()), found.density, atol=1e-12)
    assert (found.density > -1e-9).all()


def test_several_trajectories_make_one_spectrum():
    parts = [trajectory(n=6000, seed=k) for k in range(3)]
    np.testing.assert_allclose(spectrum(parts).peaks, WAVENUMBERS, atol=5.0)


def test_a_step_folds_what_is_faster_than_its_nyquist_frequency():
    assert nyquist_wavenumber(5.0) == pytest.approx(3335.6, abs=0.1)
    folded = spectrum([trajectory(step=5.0)]).peaks[-1]
    assert folded == pytest.approx(2 * nyquist_wavenumber(5.0) - 3700, abs=2.0)  # why such a spectrum is not drawn


def test_every_element_and_motion_has_the_temperature_that_was_put_in():
    found = equipartition([trajectory(drifting=KELVIN, turning=KELVIN)])
    kelvins = {t.motion: t.kelvin for t in found.temperatures}
    assert set(kelvins) == {"translation", "rotation", "vibration", "vibration of H", "vibration of O"}
    for kelvin in kelvins.values():
        assert kelvin == pytest.approx(KELVIN, rel=2e-3)
    freedom = {t.motion: t.degrees_of_freedom for t in found.temperatures}
    assert freedom["vibration"] == pytest.approx(3.0)
    assert freedom["vibration of H"] + freedom["vibration of O"] == pytest.approx(3.0)
    assert found.violations == []
    assert "that of every kind of motion agrees" in found.sentence()


def test_a_hot_vibration_and_a_flying_ice_cube_are_named():
    hot = equipartition([trajectory(kelvins=(900.0, 300.0, 300.0))])
    assert {t.motion for t in hot.violations} >= {"vibration of O"}
    assert "equipartition is violated" in hot.sentence()
    assert "frozen" in hot.sentence()
    flying = equipartition([trajectory(kelvins=(100.0,) * 3, drifting=800.0, turning=100.0)])
    assert [t.motion for t in flying.violations] == ["translation"]
    assert "flying ice cube" in flying.sentence()


def test_kinetic_energies_of_the_motions_add_up():
    rng = np.random.default_rng(1)
    positions = WATER.positions + 0.1 * rng.standard_normal((7, 3, 3))
    velocities = rng.standard_normal((7, 3, 3))
    found = motions(positions, velocities, MASSES)
    parts = [(v**2).sum(axis=(1, 2)) for v in (found.translation, found.rotation, found.vibration)]
    np.testing.assert_allclose(sum(parts), (MASSES[:, None] * velocities**2).sum(axis=(1, 2)))
    assert found.shares.sum() == pytest.approx(3.0)


def test_a_linear_molecule_turns_about_two_axes():
    positions = np.array([[0.0, 0, -1.1], [0, 0, 0], [0, 0, 1.1]])[None].repeat(2, axis=0)
    found = motions(positions, np.random.default_rng(0).standard_normal((2, 3, 3)), np.array([16.0, 12.0, 16.0]))
    assert found.n_rotations == 2
    assert found.shares.sum() == pytest.approx(4.0)


def test_the_slope_of_the_energy_is_found_within_its_error():
    rng = np.random.default_rng(0)
    times = np.arange(0, 20_000, 10.0)
    energies = -1000 + 2e-3 * 3 * times / 1e3 + 1e-3 * np.sin(times / 30) + 1e-3 * rng.standard_normal(len(times))
    found = drift("x", times, energies, 3)  # 2 meV per atom and ps
    assert abs(found.slope - 2.0) < 4 * found.error
    assert found.error < 0.01
    none = drift("x", times, energies - 2e-3 * 3 * times / 1e3, 3)
    assert abs(none.slope) < 4 * none.error
    exact = drift("x", times, 5 * times, 1)
    assert exact.slope == pytest.approx(5e6)
    assert exact.fluctuation == pytest.approx(0, abs=1e-3)


def test_times_that_are_not_equal_are_no_step(harmonic):
    assert harmonic.interval == 1.0
    times = harmonic.times.copy()
    times[500:] += 1.0
    assert dataclasses.replace(harmonic, times=times).interval is None
    assert pytest.approx(33356.41, abs=0.01) == PER_FS
