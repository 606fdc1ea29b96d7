"""Minimisation, free and with a coordinate fixed, and what is remarked of it."""

import numpy as np
import pytest
from ase.build import molecule
from closed_forms import PEROXIDE, ClosedForm, peroxide
from fake_calculators import Springs

from supple.geometry.constraints import torsion_gradient
from supple.geometry.coordinates import Coordinate
from supple.geometry.minimisation import minimise, minimise_constrained


def calculator():
    return ClosedForm(PEROXIDE.numbers, peroxide).calculator()


def test_the_gradient_of_a_torsion_is_its_derivative():
    atoms = molecule("CH3CH2OH")
    coordinate = Coordinate.parse(atoms, None)
    gradient = torsion_gradient(atoms.positions, coordinate.atoms)
    for i in coordinate.atoms:
        for axis in range(3):
            ends = []
            for step in (1e-4, -1e-4):
                moved = atoms.copy()
                moved.positions[i, axis] += step
                ends.append(coordinate.value(moved))
            change = (ends[0] - ends[1] + 180) % 360 - 180
            assert np.radians(change) / 2e-4 == pytest.approx(gradient[i, axis], abs=1e-5)


def test_a_minimum_is_found_and_the_start_is_not_changed():
    before = PEROXIDE.positions.copy()
    relaxed, converged = minimise(PEROXIDE, calculator, fmax=1e-3)
    assert converged
    np.testing.assert_array_equal(PEROXIDE.positions, before)
    relaxed.calc = calculator()
    assert np.linalg.norm(relaxed.get_forces(), axis=1).max() <= 1e-3


def test_a_fixed_torsion_keeps_its_angle_and_its_force_alone():
    coordinate = Coordinate.parse(PEROXIDE, None)
    start = coordinate.turned(PEROXIDE, 60 - coordinate.value(PEROXIDE), coordinate.axis(PEROXIDE))
    start.positions[0] += 0.05
    angle = coordinate.value(start)
    relaxed, remark = minimise_constrained(start, coordinate, calculator)
    assert remark is None
    assert coordinate.value(relaxed) == pytest.approx(angle, abs=1e-6)
    relaxed.calc = calculator()
    direction = torsion_gradient(relaxed.positions, coordinate.atoms)
    direction /= np.linalg.norm(direction)
    forces = relaxed.get_forces()
    along = (forces * direction).sum()
    assert abs(along) > 0.03
    assert np.linalg.norm(forces - along * direction, axis=1).max() < 0.03


def test_a_relaxation_that_does_not_converge_is_remarked():
    coordinate = Coordinate.parse(PEROXIDE, None)
    _, remark = minimise_constrained(PEROXIDE, coordinate, calculator, steps=1)
    assert remark == "not relaxed to 0.03 eV/Å within 1 steps"


def test_a_torsion_about_a_straight_angle_is_remarked(monkeypatch):
    monkeypatch.setattr(Springs, "rest", None)
    start = molecule("H2O2")
    start.set_angle(1, 0, 2, 175)
    _, remark = minimise_constrained(start, Coordinate.parse(start, "3-1-2-4"), Springs)
    assert remark == "the angle H3-O1-O2 is nearly straight, which leaves the torsion undefined"
