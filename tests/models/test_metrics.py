"""Errors by hand."""

import numpy as np
import pytest

from supple.data.units import Units
from supple.models.metrics import Metrics

ENERGY_ERRORS = np.array([0.3, -0.4, np.nan])
FORCE_ERRORS = np.array([[[0.0, 3.0, -4.0]]] * 3)


def test_by_hand():
    metrics = Metrics.of(ENERGY_ERRORS, FORCE_ERRORS)
    assert metrics.n_frames == 3
    assert metrics.energy.mae == pytest.approx(0.35)  # over the two frames whose energy is known
    assert metrics.energy.rmse == pytest.approx(np.sqrt(0.125))
    assert metrics.forces.mae == pytest.approx(7 / 3)
    assert metrics.forces.rmse == pytest.approx(np.sqrt(25 / 3))


def test_in_other_units():
    metrics = Metrics.of(ENERGY_ERRORS, FORCE_ERRORS, Units.parse("hartree,bohr"))
    assert (metrics.energy.unit, metrics.forces.unit) == ("hartree", "hartree/bohr")
    assert metrics.energy.mae == pytest.approx(0.35 / 27.211386245988)
    assert metrics.forces.mae == pytest.approx(7 / 3 / (27.211386245988 / 0.529177210903))


def test_nothing_to_compare_with():
    metrics = Metrics.of(np.full(2, np.nan), None)
    assert metrics.to_dict() == {"n_frames": 2, "energy": None, "forces": None}
    assert str(metrics) == "2 frames: no labels"


def test_in_a_sentence():
    assert str(Metrics.of(ENERGY_ERRORS, FORCE_ERRORS)) == (
        "3 frames: energy MAE 0.35, RMSE 0.3536 eV; forces MAE 2.333, RMSE 2.887 eV/Å"
    )
