"""The map from novelty to a standard deviation, on errors whose distribution is known."""

import numpy as np
import pytest

from supple.models.uncertainty.calibration import OF_ENERGIES, OF_FORCES, Calibration, Extrapolation

GROUPS = np.array([0, 0, 1])
#: Each atom by its own novelty alone, and the same slope everywhere.
PLAIN = Extrapolation(slopes=(), shared=0.0)


def drawn(n, slope, rng, heavy=False):
    """Novelty of three atoms in two groups, errors with σ² = level · s^slope, and σ."""
    novelty = np.exp(rng.normal(size=(n, 3)))
    std = np.array([0.1, 0.1, 0.4]) * novelty ** (slope / 2)
    noise = rng.standard_t(5, size=(n, 3, 3)) * (3 / 5) ** 0.5 if heavy else rng.normal(size=(n, 3, 3))
    return novelty, std[:, :, None] * noise, std


@pytest.mark.parametrize("slope", [0.0, 0.7, 1.5])
@pytest.mark.parametrize("heavy", [False, True])
def test_finds_the_standard_deviation(slope, heavy):
    rng = np.random.default_rng(1)
    made = Calibration.fit(*drawn(400, slope, rng, heavy)[:2], GROUPS, PLAIN)
    novelty, errors, std = drawn(2000, slope, rng, heavy)
    found = made.standard_deviations(novelty, GROUPS)
    assert made.slopes[0] == pytest.approx(slope, abs=0.1)
    np.testing.assert_allclose(np.exp(np.log(found / std).mean(axis=0)), 1, rtol=0.1)
    for part, quantile in zip((0.68, 0.95), made.quantiles, strict=True):
        assert (np.abs(errors) < quantile * found[:, :, None]).mean() == pytest.approx(part, abs=0.02)


def test_few_frames_lean_on_the_prior():
    """Ten geometries say little about the slope; that of a Gaussian process is 1."""
    rng = np.random.default_rng(2)
    one = np.zeros(1, dtype=np.int64)
    slopes = [
        Calibration.fit(np.exp(0.2 * rng.normal(size=(10, 1))), rng.normal(size=(10, 1, 1)), one, OF_ENERGIES).slopes[0]
        for _ in range(20)
    ]
    assert np.mean(slopes) == pytest.approx(0.95, abs=0.15)
    assert np.ptp(slopes) < 1.5


def test_it_does_not_fall_below_the_novelty_that_it_has_seen():
    novelty, errors, _ = drawn(50, 1.0, np.random.default_rng(3))
    made = Calibration.fit(novelty, errors, GROUPS, OF_FORCES)
    low, lowest = (made.standard_deviations(np.full((1, 3), s), GROUPS) for s in (1e-5 * novelty.min(), 1e-200))
    np.testing.assert_allclose(low, lowest)
    assert (made.standard_deviations(np.full((1, 3), 100.0), GROUPS) > low).all()


def test_the_unit_does_not_matter():
    novelty, errors, _ = drawn(50, 1.0, np.random.default_rng(4))
    one, other = (Calibration.fit(novelty, unit * errors, GROUPS, OF_FORCES) for unit in (1.0, 23.06))
    stds = [made.standard_deviations(novelty, GROUPS) for made in (one, other)]
    np.testing.assert_allclose(23.06 * stds[0], stds[1], rtol=2e-3)
    np.testing.assert_allclose(one.quantiles, other.quantiles, rtol=2e-3)


def test_errors_that_are_zero_give_finite_error_bars():
    made = Calibration.fit(np.ones((12, 3)), np.zeros((12, 3, 3)), GROUPS, OF_FORCES)
    assert np.isfinite(made.standard_deviations(np.ones((1, 3)), GROUPS)).all()


@pytest.mark.parametrize(("beyond", "slopes"), [(OF_FORCES, (1, 1)), (OF_ENERGIES, (2, 1))])
def test_it_grows_at_least_as_a_gaussian_process_beyond_its_reach(beyond, slopes):
    """Though the errors of the calibration hardly grow with novelty."""
    novelty, errors, _ = drawn(200, 0.2, np.random.default_rng(5))
    made = Calibration.fit(novelty, errors, GROUPS, beyond)
    assert made.slopes[0] == pytest.approx(0.2, abs=0.15)
    reach = 1.5 * np.quantile(novelty, 0.9)  # with the largest novelty
    for start, slope in zip((10 * reach, 1000 * reach), slopes, strict=True):
        near, far = (made.standard_deviations(np.full((1, 3), s), GROUPS) for s in (start, 1.2 * start))
        np.testing.assert_allclose((far / near) ** 2, 1.2**slope, rtol=1e-6)


def test_it_is_monotone_and_continuous():
    novelty, errors, _ = drawn(60, 0.5, np.random.default_rng(6))
    made = Calibration.fit(novelty, errors, GROUPS, OF_FORCES)
    stds = made.standard_deviations(np.exp(np.linspace(-8, 8, 2001))[:, None] * np.ones(3), GROUPS)
    steps = np.diff(np.log(stds), axis=0)
    assert (steps >= 0).all() and steps.max() < 0.01


def test_an_atom_far_from_all_training_frames_makes_the_others_uncertain():
    novelty, errors, _ = drawn(60, 1.0, np.random.default_rng(7))
    made = Calibration.fit(novelty, errors, GROUPS, OF_FORCES)
    usual, one_far = made.standard_deviations(np.array([[1.0, 1.0, 1.0], [1.0, 100.0, 1.0]]), GROUPS)
    assert (one_far > 2 * usual).all()
    assert one_far[1] > one_far[0]


def test_intervals_by_few_errors_are_wide_enough():
    """On average over many calibrations they hold what they promise, though each knows σ from fifteen errors."""
    rng, one, held = np.random.default_rng(8), np.zeros(1, dtype=np.int64), []
    for _ in range(40):
        made = Calibration.fit(np.ones((15, 1)), rng.normal(size=(15, 1, 1)), one, OF_ENERGIES)
        ratios = np.abs(rng.normal(size=500)) / made.standard_deviations(np.ones((1, 1)), one)
        held.append([(ratios < quantile).mean() for quantile in made.quantiles])
    low, high = np.mean(held, axis=0)
    assert 0.65 < low < 0.75
    assert 0.945 < high < 0.98
