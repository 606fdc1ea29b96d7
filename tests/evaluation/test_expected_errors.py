"""Expected beside actual errors, and error bars among saved predictions."""

import numpy as np
import pytest

from supple.evaluation.expected_errors import ExpectedErrors
from supple.evaluation.predictions import PredictedErrors, Predictions

RNG = np.random.default_rng(0)


def test_error_bars_that_are_right_lie_on_the_line():
    stds = np.exp(RNG.normal(size=(4000, 1))) * np.ones((1, 6))
    found = ExpectedErrors.of(stds * RNG.normal(size=stds.shape), stds)
    assert sum(one.n_frames for one in found.bins) == 4000
    expected = [one.expected for one in found.bins]
    assert expected == sorted(expected) and expected[-1] > 5 * expected[0]
    np.testing.assert_allclose([one.actual for one in found.bins], expected, rtol=0.1)


def test_the_frames_of_which_least_is_known_come_first():
    stds = np.array([[1.0, 1.0], [3.0, 4.0], [2.0, 0.0]])
    found = ExpectedErrors.of(np.ones((3, 2)), stds)
    assert found.frames.tolist() == [1, 2, 0]
    assert found.expected[1] == pytest.approx(12.5**0.5)
    assert found.bins == ()  # too few to say anything on average


@pytest.mark.parametrize("with_bars", [True, False])
def test_saved_and_loaded(tmp_path, with_bars):
    bars = PredictedErrors(RNG.random(4), RNG.random((4, 3)), np.array([1.0, 2.0]), np.array([0.9, 2.1]))
    made = Predictions(np.arange(4), RNG.random(4), RNG.random((4, 3, 3)), bars if with_bars else None)
    made.save(tmp_path / "predictions.safetensors")
    found = Predictions.load(tmp_path / "predictions.safetensors")
    np.testing.assert_array_equal(found.energies, made.energies)
    if not with_bars:
        assert found.errors is None
        return
    for name, array in vars(bars).items():
        np.testing.assert_allclose(getattr(found.errors, name), array, rtol=1e-6)


def test_damaged_error_bars_are_left_out(tmp_path):
    bars = PredictedErrors(RNG.random(3), RNG.random((3, 3)), np.array([1.0, 2.0]), np.array([0.9, 2.1]))
    Predictions(np.arange(4), RNG.random(4), RNG.random((4, 3, 3)), bars).save(tmp_path / "p.safetensors")
    assert Predictions.load(tmp_path / "p.safetensors").errors is None
