"""Conformers are the wells of the torsions, up to the symmetries of the molecule."""

import numpy as np
import pytest
from chains import chain_frames

from supple.molecule.conformers import conformers
from supple.molecule.torsion_symmetry import torsion_symmetries
from supple.molecule.torsions import rotatable_torsions, torsion_angles


def found_in(numbers, positions):
    torsions = [t for t in rotatable_torsions(numbers, positions) if t.fold == 1]
    angles = torsion_angles(positions, torsions)
    telling, found = conformers(torsions, angles, torsion_symmetries(numbers, positions, torsions))
    return [t.label for t in telling], found


def about(*wells, spread=8.0, frames=100):
    """Angles about the middles of wells, one or two torsions, degrees, shape (M, T)."""
    rng = np.random.default_rng(1)
    return np.concatenate([np.atleast_1d(well) + rng.normal(0, spread, (frames, np.size(well))) for well in wells])


def test_conformers_are_the_wells_that_frames_are_in():
    telling, found = found_in(*chain_frames("achiral", about(180, 180, 180, 60, 60, -60)))
    assert telling == ["F1-C2-C3-F4"]
    assert [len(c.frames) for c in found] == [300, 300]
    assert sorted(c.angles[0] for c in found) == pytest.approx([60, 175], abs=5)


@pytest.mark.parametrize("wells", [(170.0,), (60.0, -60.0)])
def test_one_well_and_its_mirror_image_are_no_choice(wells):
    telling, found = found_in(*chain_frames("achiral", about(*wells)))
    assert telling == []
    assert len(found) == 1


def test_two_torsions_have_the_same_sign_or_not():
    # g+g+ and g-g- of pentane are one conformer, g+g- and g-g+ another
    telling, found = found_in(*chain_frames("pentane", about((90, 90), (-90, -90), (90, -90), (-90, 90))))
    assert telling == ["C1-C2-C3-C4", "C2-C3-C4-C5"]
    assert [len(c.frames) for c in found] == [200, 200]
    assert {tuple(np.sign(c.angles)) for c in found} == {(1, 1), (1, -1)}


def test_equivalent_halves_in_different_wells_are_one_conformer():
    _, found = found_in(*chain_frames("pentane", about((60, 180), (-60, 180), (180, 60), (180, -60))))
    assert [len(c.frames) for c in found] == [400]


@pytest.mark.parametrize(
    ("name", "sizes"), [("achiral", [500]), ("meso", [500]), ("chiral", [300, 200]), ("racemic", [300, 200])]
)
def test_signs_differ_in_a_chiral_molecule(name, sizes):
    _, found = found_in(*chain_frames(name, about(60, 60, 60, -60, -60)))
    assert [len(c.frames) for c in found] == sizes
