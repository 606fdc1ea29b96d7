"""Images of a geometry, and other rotamers of it."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from chains import chain_frames

from supple.geometry.coordinates import Coordinate
from supple.geometry.moves import Turn, images, moves
from supple.molecule.rotors import rotors


def chain(name, *angles):
    numbers, positions = chain_frames(name, np.array([angles]))
    return Atoms(numbers, positions[0])


def values_of_images(atoms, torsion):
    return sorted(round(torsion.value(image(atoms))) for image in images(atoms, torsion))


@pytest.mark.parametrize(
    ("name", "at"),
    [
        ("achiral", [-50, -50, 50]),  # reflected, reflected with both ends exchanged, and exchanged alone
        ("meso", [-50]),
        ("racemic", [50]),
        ("chiral", []),
    ],
)
def test_images_are_at_the_negative_angle_where_the_molecule_is_not_chiral(name, at):
    atoms = chain(name, 50.0)
    assert values_of_images(atoms, Coordinate.parse(atoms, "1-2-3-4")) == at


def test_images_of_a_methyl_group_are_at_each_of_its_hydrogens():
    ethanol = molecule("CH3CH2OH")
    torsion = Coordinate.parse(ethanol, "7-1-2-3")
    at = torsion.value(ethanol)
    expected = [at + 120, at - 120, -at, -at + 120, -at - 120]
    found = [torsion.value(image(ethanol)) for image in images(ethanol, torsion)]
    assert sorted(np.round(np.mod(found, 360))) == pytest.approx(sorted(np.round(np.mod(expected, 360))), abs=3)


def test_images_have_the_same_distances_between_equal_atoms():
    atoms = chain("achiral", 50.0)
    for image in images(atoms, Coordinate.parse(atoms, "1-2-3-4")):
        other = image(atoms)
        assert np.sort(other.get_all_distances(), axis=None) == pytest.approx(
            np.sort(atoms.get_all_distances(), axis=None)
        )
        for i, j in ((0, 1), (1, 2), (2, 3)):
            assert other.get_distance(i, j) == pytest.approx(atoms.get_distance(i, j))


def test_other_rotors_are_turned_in_all_combinations_or_one_at_a_time():
    pentane = chain("pentane", 180.0, 180.0)
    turns = [m for m in moves(pentane, Coordinate.parse(pentane, "1-2-3-4")) if isinstance(m, Turn)]
    other = Coordinate.parse(pentane, "2-3-4-5")
    assert sorted(round(other.value(turn(pentane))) for turn in turns) == [-60, 60]
    for n_rotors, n_turns in ((3, 8), (4, 6)):
        acid = Atoms("HO" + "O" * (n_rotors - 1) + "OH", _zigzag(n_rotors + 3))
        tried = moves(acid, Coordinate.parse(acid, "1-2-3-4"))
        assert sum(isinstance(m, Turn) for m in tried) == n_turns


def test_double_bonds_and_methyl_groups_do_not_turn():
    butane, acid = molecule("trans-butane"), molecule("HCOOH")
    assert not [m for m in moves(butane, Coordinate.parse(butane, None)) if isinstance(m, Turn)]
    assert [str(r.label) for r in rotors(acid.numbers, acid.positions)]  # C-OH turns ...
    diazene = Atoms("HNNH", [[-0.5, 0.9, 0], [0, 0, 0], [1.25, 0, 0], [1.75, -0.9, 0]])
    assert rotors(diazene.numbers, diazene.positions) == []  # ... and N=N does not


def _zigzag(n):
    """A chain of n atoms, Å; the first and last closer, as hydrogens are."""
    steps = [0.97, *[1.45] * (n - 3), 0.97]
    positions, up = [np.zeros(3)], 1
    for length in steps:
        positions.append(positions[-1] + length * np.array([0.8, 0.6 * up, 0.0]))
        up = -up
    return np.array(positions)
