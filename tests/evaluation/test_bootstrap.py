from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from supple.data.dataset import Dataset
from supple.data.units import Units
from supple.evaluation.bootstrap import ErrorIntervals, error_intervals
from supple.evaluation.predictions import Predictions

RNG = np.random.default_rng(3)


def made(n: int, spread: float = 0.1) -> tuple[Dataset, Predictions]:
    """Frames of two atoms whose forces are wrong by Gaussian errors, independent of each other."""
    r, f = RNG.normal(size=(2, n, 2, 3))
    e = RNG.normal(size=n)
    data = Dataset.of([1, 1], r, e, f, units="eV")
    wrong = RNG.normal(scale=spread, size=f.shape)
    return data, Predictions(np.arange(n), e + RNG.normal(scale=spread, size=n), f + wrong)


def test_the_interval_is_that_of_gaussian_errors() -> None:
    n, spread = 2000, 0.1
    found = error_intervals(*made(n, spread), Units())
    for quantity, components in (("energy", 1), ("forces", 6)):
        low, high = getattr(found, quantity).rmse
        half = norm.ppf(0.975) * spread / np.sqrt(2 * n * components)  # of the standard deviation of that many numbers
        assert low < spread * 1.02 and spread * 0.98 < high
        assert high - low == pytest.approx(2 * half, rel=0.15)


def test_it_covers_the_truth_as_often_as_it_says() -> None:
    covered = [error_intervals(*made(100), Units()).forces.rmse for _ in range(150)]  # type: ignore[union-attr]
    share = np.mean([low < 0.1 < high for low, high in covered])
    assert 0.88 < share <= 1.0


def test_units_and_frames_without_energies() -> None:
    data, predictions = made(50)
    ours, theirs = (
        error_intervals(data, predictions, Units()),
        error_intervals(data, predictions, Units.parse("kcal/mol")),
    )
    assert ours.forces is not None and theirs.forces is not None
    assert theirs.forces.mae[0] == pytest.approx(23.0605 * ours.forces.mae[0], rel=1e-4)
    blind = Predictions(predictions.frames, np.full(50, np.nan), predictions.forces)
    assert set(error_intervals(data, blind, Units()).to_dict()) == {"forces"}
    one = Predictions(predictions.frames[:1], predictions.energies[:1], predictions.forces[:1])
    assert error_intervals(data.select([0]), one, Units()) == ErrorIntervals(None, None)


def test_predictions_are_read_as_they_were_written(tmp_path) -> None:  # type: ignore[no-untyped-def]
    _, predictions = made(20)
    predictions.save(tmp_path / "p.safetensors")
    again = Predictions.load(tmp_path / "p.safetensors")
    assert again is not None
    assert (again.energies == predictions.energies).all()
    np.testing.assert_allclose(again.forces, predictions.forces, rtol=1e-6, atol=1e-7)
    (tmp_path / "p.safetensors").write_bytes(b"broken")
    assert Predictions.load(tmp_path / "p.safetensors") is None
    assert Predictions.load(tmp_path / "none") is None
