"""Wavefront propagation: the lower valley is handed from point to point."""

import numpy as np
import pytest
from ase import Atoms
from fake_calculators import Breaks, Valleys

from supple.geometry.coordinates import Coordinate
from supple.geometry.wavefront import Propagation

VALUES = (180.0, 90.0, 0.0, -90.0)


def peroxide(length):
    """H2O2 with an O-O bond of this length, Å."""
    return Atoms("OOHH", [[0, 0, 0], [length, 0, 0], [-0.2, 0.95, 0], [length + 0.2, 0, 0.95]])


TORSION = Coordinate.parse(peroxide(1.5), "3-1-2-4")


def earlier(lengths, values=VALUES):
    """Frames of earlier scans, one for each value; none where the length is None."""
    for value, length in zip(values, lengths, strict=True):
        if length is not None:
            atoms = peroxide(length)
            atoms.set_dihedral(2, 0, 1, 3, value, indices=[3])
            yield value, atoms.positions, 0.0 if length < 1.4 else 0.1


def propagation(values=VALUES, calculator=Valleys, tried=()):
    return Propagation(TORSION, values, peroxide(1.5).numbers, calculator, Valleys, tried)


def propagated(frames, values=VALUES, calculator=Valleys):
    settled = propagation(values, calculator)
    return list(settled.run(settled.start(frames)))


@pytest.mark.parametrize("lengths", [(1.3, 1.5, 1.5, 1.5), (1.5, 1.5, 1.3, 1.5), (1.3, None, 1.5, 1.5)])
def test_every_point_falls_into_the_lower_valley(lengths):
    points = propagated(earlier(lengths))
    assert sorted(point.value for point in points) == sorted(
        value for value, length in zip(VALUES, lengths, strict=True) if length != 1.3
    )
    for point in points:
        assert np.linalg.norm(point.atoms.positions[1] - point.atoms.positions[0]) == pytest.approx(1.3, abs=0.01)
        assert (TORSION.value(point.atoms) - point.value + 180) % 360 - 180 == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("length", [1.5, None])
def test_where_all_lie_in_one_valley_nothing_falls(length):
    assert propagated(earlier([length] * 4)) == []


def test_it_is_resumed_after_any_point():
    points = propagated(earlier((1.3, 1.5, 1.5, 1.5)))
    for k, point in enumerate(points):
        rest = list(propagation().run(point.front))
        for again, before in zip(rest, points[k + 1 :], strict=True):
            np.testing.assert_array_equal(again.atoms.positions, before.atoms.positions)


def test_the_ends_of_a_full_turn_are_neighbours():
    values = (*VALUES, -180.0)
    points = propagated(earlier((1.5, 1.5, 1.5, 1.5, 1.3), values), values)
    assert points[0].value == 180
    assert len(points) == 4


def test_a_relaxation_that_fails_is_reported_and_the_others_are_tried():
    points = propagated(earlier([1.5] * 4), calculator=Breaks)
    assert {point.result.failure for point in points} == {"the relaxation failed: no orbitals"}
    assert len(points) == 6
