"""The map from novelty to a standard deviation, on errors whose distribution is known."""

import numpy as np
import pytest

from supple.models.uncertainty.calibration import Calibration

GROUPS = np.array([0, 0, 1])


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
    made = Calibration.fit(*drawn(400, slope, rng, heavy)[:2], GROUPS)
    novelty, errors, std = drawn(2000, slope, rng, heavy)
    found = made.standard_deviations(novelty, GROUPS)
    assert made.slope == pytest.approx(slope, abs=0.1)
    np.testing.assert_allclose(np.exp(np.log(found / std).mean(axis=0)), 1, rtol=0.1)
    for part, quantile in zip((0.68, 0.95), made.quantiles, strict=True):
        assert (np.abs(errors) < quantile * found[:, :, None]).mean() == pytest.approx(part, abs=0.02)


def test_few_frames_lean_on_the_prior():
    """Ten geometries say little about the slope; that of a Gaussian process is 1."""
    rng = np.random.default_rng(2)
    one = np.zeros(1, dtype=np.int64)
    slopes = [
        Calibration.fit(np.exp(0.2 * rng.normal(size=(10, 1))), rng.normal(size=(10, 1, 1)), one).slope
        for _ in range(20)
    ]
    assert np.mean(slopes) == pytest.approx(0.95, abs=0.15)
    assert np.ptp(slopes) < 1.5


def test_it_does_not_fall_below_the_novelty_that_it_has_seen():
    novelty, errors, _ = drawn(50, 1.0, np.random.default_rng(3))
    made = Calibration.fit(novelty, errors, GROUPS)
    low, lowest = (made.standard_deviations(np.full(3, s), GROUPS) for s in (novelty.min(), 1e-200))
    np.testing.assert_allclose(low, lowest)
    assert (made.standard_deviations(np.full(3, 100.0), GROUPS) > low).all()


def test_the_unit_does_not_matter():
    novelty, errors, _ = drawn(50, 1.0, np.random.default_rng(4))
    one, other = (Calibration.fit(novelty, unit * errors, GROUPS) for unit in (1.0, 23.06))
    stds = [made.standard_deviations(novelty, GROUPS) for made in (one, other)]
    np.testing.assert_allclose(23.06 * stds[0], stds[1], rtol=2e-3)
    np.testing.assert_allclose(one.quantiles, other.quantiles, rtol=2e-3)


def test_errors_that_are_zero_give_finite_error_bars():
    made = Calibration.fit(np.ones((12, 3)), np.zeros((12, 3, 3)), GROUPS)
    assert np.isfinite(made.standard_deviations(np.ones(3), GROUPS)).all()
