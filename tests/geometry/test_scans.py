"""Scans of a molecule whose torsion energy is known in closed form, and of water's angle."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from closed_forms import PEROXIDE, ClosedForm, peroxide
from fake_calculators import Breaks

from supple.geometry.coordinates import Coordinate
from supple.geometry.scans import ScanPoint, scan

TORSION = Coordinate.parse(PEROXIDE, None)
START = ScanPoint.start(PEROXIDE, TORSION)
VALUES = [120.0, 150.0, 180.0, 210.0]


def calculator():
    return ClosedForm(PEROXIDE.numbers, peroxide).calculator()


def energy(point):
    atoms = Atoms(point.atoms.numbers, point.atoms.positions)
    atoms.calc = calculator()
    return atoms.get_potential_energy()


def test_a_rigid_scan_turns_one_side_and_nothing_else():
    points = list(scan(START, TORSION, VALUES, None))
    assert [point.value for point in points] == VALUES
    for point in points:
        assert (TORSION.value(point.atoms) - point.value) % 360 == pytest.approx(0, abs=1e-6)
    fixed = [k for k in range(4) if k not in TORSION.turning]
    np.testing.assert_allclose(points[0].atoms.positions[fixed], points[-1].atoms.positions[fixed], atol=1e-9)


def test_a_relaxed_scan_keeps_the_torsion_and_lies_below_the_rigid_one():
    for relaxed, rigid in zip(
        scan(START, TORSION, VALUES, calculator), scan(START, TORSION, VALUES, None), strict=True
    ):
        assert abs((TORSION.value(relaxed.atoms) - relaxed.value + 180) % 360 - 180) < 1e-6
        assert energy(relaxed) < energy(rigid) - 1e-3


@pytest.mark.parametrize("calculator", [calculator, None])
def test_a_scan_is_resumed_after_any_point(calculator):
    points = list(scan(START, TORSION, VALUES, calculator))
    for k, point in enumerate(points):
        rest = list(scan(point, TORSION, VALUES, calculator))
        assert [other.index for other in rest] == [0, 1, 2, 3][k + 1 :]
        for again, before in zip(rest, points[k + 1 :], strict=True):
            np.testing.assert_array_equal(again.atoms.positions, before.atoms.positions)


def test_an_angle_is_scanned_through_180():
    tblite = pytest.importorskip("tblite.ase")
    water = molecule("H2O")
    angle = Coordinate.parse(water, "2-1-3")
    points = list(
        scan(
            ScanPoint.start(water, angle),
            angle,
            np.linspace(104, 256, 5).tolist(),
            lambda: tblite.TBLite(method="GFN2-xTB", verbosity=0),
        )
    )
    assert [angle.value(point.atoms) for point in points] == pytest.approx([104, 142, 180, 142, 104], abs=0.01)
    assert np.ptp([np.linalg.norm(p.atoms.positions[1] - p.atoms.positions[0]) for p in points[::4]]) < 1e-3


def test_a_scan_whose_relaxation_fails_ends_with_the_reason():
    (point,) = scan(START, TORSION, VALUES, Breaks)
    assert point.failure == "the scan stopped: no orbitals"
