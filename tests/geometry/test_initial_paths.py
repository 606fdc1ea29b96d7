"""Candidates for the path between two conformers."""

import numpy as np
import pytest
from ase import Atoms
from closed_forms import PEROXIDE, peroxide_at

from supple.geometry.initial_paths import initial_paths, torsion_changes
from supple.geometry.neb import same_geometry


def at(degrees):
    return Atoms(PEROXIDE.numbers, peroxide_at(degrees))


def test_candidates_turn_the_torsion_either_way_and_keep_bonds():
    ((torsion, angle),) = torsion_changes(at(5.0), at(175.0))
    assert angle == pytest.approx(170, abs=1e-6)
    _, shorter, longer = initial_paths(at(5.0), at(175.0), 9)
    for path, end in ((shorter, 175), (longer, -185)):
        turned = [torsion.value(Atoms(PEROXIDE.numbers, r)) for r in path]
        np.testing.assert_allclose((np.array(turned) - np.linspace(5, end, 9) + 180) % 360 - 180, 0, atol=12)
        for r in path:
            for (i, j), rest in zip(((0, 1), (1, 2), (2, 3)), (0.97, 1.45, 0.97), strict=True):
                assert np.linalg.norm(r[i] - r[j]) == pytest.approx(rest, abs=0.12)


def test_conformers_that_differ_by_little_have_the_interpolated_path_alone():
    assert len(initial_paths(at(5.0), at(15.0), 5)) == 1


def test_geometries_are_compared_after_superposition():
    moved = at(90.0)
    moved.rotate(50, (1, 2, 3))
    moved.translate((1, 0, 0))
    assert same_geometry(at(90.0), moved)
    assert not same_geometry(at(90.0), at(150.0))
