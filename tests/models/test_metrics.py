"""Errors by hand."""

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from supple.data.units import Units
from supple.models.metrics import ErrorSummary, Metrics

ENERGY_ERRORS = np.array([0.3, -0.4, np.nan])
FORCE_ERRORS = np.array([[[0.0, 3.0, -4.0]]] * 3)


def test_by_hand():
    metrics = Metrics.of(ENERGY_ERRORS, FORCE_ERRORS)
    assert metrics.n_frames == 3
    assert metrics.energy.mae == pytest.approx(0.35)  # over the two frames whose energy is known
    assert metrics.energy.rmse == pytest.approx(np.sqrt(0.125))
    assert metrics.forces.mae == pytest.approx(7 / 3)
    assert metrics.forces.rmse == pytest.approx(np.sqrt(25 / 3))


def test_tails_by_hand():
    metrics = Metrics.of(ENERGY_ERRORS, FORCE_ERRORS)
    assert metrics.energy.p95 == pytest.approx(0.3 + 0.95 * 0.1)  # between 0.3 and 0.4, linearly
    assert (metrics.energy.max, metrics.forces.max) == pytest.approx((0.4, 4.0))  # of either sign
    counted = ErrorSummary.of(-np.arange(21.0), 1.0, "eV")  # 19 of 20 steps from the smallest to the largest
    assert (counted.p95, counted.max) == pytest.approx((19.0, 20.0))


def test_tails_are_those_of_all_errors():
    """Most frames are good, the last one is not: neither number is a mean over frames."""
    errors = np.random.default_rng(0).normal(size=(200, 5, 3))
    errors[-1] *= 100
    found = Metrics.of(np.full(200, np.nan), errors).forces
    ordered = sorted(abs(one) for one in errors.ravel().tolist())
    below = int(0.95 * (len(ordered) - 1))
    part = 0.95 * (len(ordered) - 1) - below
    assert found.p95 == pytest.approx((1 - part) * ordered[below] + part * ordered[below + 1])
    assert found.p95 == pytest.approx(np.percentile(np.abs(errors), 95))
    assert found.max == ordered[-1]


def test_in_other_units():
    metrics = Metrics.of(ENERGY_ERRORS, FORCE_ERRORS, Units.parse("hartree,bohr"))
    assert (metrics.energy.unit, metrics.forces.unit) == ("hartree", "hartree/bohr")
    assert metrics.energy.mae == pytest.approx(0.35 / 27.211386245988)
    assert metrics.forces.mae == pytest.approx(7 / 3 / (27.211386245988 / 0.529177210903))
    assert metrics.energy.p95 == pytest.approx(0.395 / 27.211386245988)
    assert metrics.forces.max == pytest.approx(4 / (27.211386245988 / 0.529177210903))


def test_nothing_to_compare_with():
    metrics = Metrics.of(np.full(2, np.nan), None)
    assert metrics.to_dict() == {"n_frames": 2, "energy": None, "forces": None}
    assert str(metrics) == "2 frames: no labels"


def test_in_a_sentence():
    assert str(Metrics.of(ENERGY_ERRORS, FORCE_ERRORS)) == (
        "3 frames: energy MAE 0.35, RMSE 0.3536, 95 % 0.395, max 0.4 eV; forces MAE 2.333, RMSE 2.887, 95 % 4, max 4 eV/Å"
    )


@pytest.fixture
def old():
    """Metrics as versions without tails wrote them."""
    return {"n_frames": 5, "energy": None, "forces": {"mae": 0.1, "rmse": 0.25, "unit": "eV/Å"}}


def test_metrics_of_an_earlier_version(old):
    metrics = TypeAdapter(Metrics).validate_python(old)
    assert metrics.forces == ErrorSummary(0.1, 0.25, "eV/Å", None, None)
    assert str(metrics) == "5 frames: forces MAE 0.1, RMSE 0.25 eV/Å"
    assert metrics._repr_html_().count("–") == 2
    assert TypeAdapter(Metrics).validate_python(metrics.to_dict()) == metrics


@pytest.mark.parametrize("name", ["p95", "max"])
@pytest.mark.parametrize("value", [-1e-3, float("nan"), float("inf"), "many", [1.0]])
def test_impossible_tails_are_refused(old, name, value):
    old["forces"][name] = value
    with pytest.raises(ValidationError, match=name):
        TypeAdapter(Metrics).validate_python(old)
