"""What reflections and exchanges of atoms do to torsions."""

import numpy as np
import pytest
from ase.build import molecule
from chains import chain_frames

from supple.molecule.torsion_symmetry import mirrored_torsions, torsion_symmetries
from supple.molecule.torsions import folded, rotatable_torsions, torsion_angles


def symmetries_of(numbers, positions):
    torsions = rotatable_torsions(numbers, positions)
    return torsions, torsion_symmetries(numbers, positions, torsions)


@pytest.mark.parametrize(
    ("name", "mirrored"), [("achiral", True), ("meso", True), ("chiral", False), ("racemic", False)]
)
def test_a_reflection_inverts_the_torsion_unless_the_molecule_is_chiral(name, mirrored):
    torsions, symmetries = symmetries_of(*chain_frames(name, np.full((20, 1), 60.0), shaken=0.02))
    assert mirrored_torsions(symmetries, len(torsions)) == [mirrored]


def test_without_handed_centres_every_torsion_is_mirrored():
    peroxide = molecule("H2O2")
    torsions, symmetries = symmetries_of(peroxide.numbers, peroxide.positions[None])
    assert mirrored_torsions(symmetries, len(torsions)) == [True]


def test_halves_are_exchanged():
    numbers, positions = chain_frames("pentane", np.array([[50.0, 170.0], [65.0, -60.0]]))
    torsions = [t for t in rotatable_torsions(numbers, positions) if t.fold == 1]
    symmetries = torsion_symmetries(numbers, positions, torsions)
    assert {(s.sources, s.sign) for s in symmetries} == {((0, 1), 1), ((0, 1), -1), ((1, 0), 1), ((1, 0), -1)}
    angles = torsion_angles(positions, torsions)
    for symmetry in symmetries:
        expected = symmetry.sign * angles[:, symmetry.sources]
        assert folded(symmetry.applied(angles, torsions) - expected) == pytest.approx(0, abs=1e-6)
