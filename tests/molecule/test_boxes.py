"""Molecules in periodic boxes of any shape: joined, and told from crystals."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from supple.molecule.boxes import Boxes, isolated, joined

CUBE = np.eye(3) * 12.0
SKEWED = np.array([[12.0, 0.0, 0.0], [-5.0, 11.0, 0.0], [4.0, -5.0, 10.0]])


def distances(positions):
    return np.linalg.norm(positions[:, None] - positions, axis=2)


def wrapped(positions, vectors):
    return np.mod(positions @ np.linalg.inv(vectors), 1.0) @ vectors


@pytest.mark.parametrize("vectors", [CUBE, SKEWED, CUBE[::-1], np.diag([40.0, 9.0, 15.0])])
def test_a_molecule_cut_anywhere_is_joined(vectors):
    ethanol = molecule("CH3CH2OH")
    rng = np.random.default_rng(0)
    frames = ethanol.positions + rng.uniform(-80, 80, (20, 1, 3))
    boxes = Boxes.of(np.broadcast_to(vectors, (20, 3, 3)), np.ones((20, 3)))
    whole = joined(np.array([wrapped(frame, vectors) for frame in frames]), boxes)
    for frame in whole:
        np.testing.assert_allclose(distances(frame), distances(ethanol.positions), atol=1e-9)
    assert isolated(ethanol.numbers, whole, boxes).all()
    np.testing.assert_array_equal(joined(whole, boxes), whole)  # a whole molecule stays where it is


def test_parts_without_bonds_are_joined_by_their_nearest_images():
    argon = np.array([[0.5, 6.0, 6.0], [11.0, 6.0, 6.0]])
    whole = joined(argon[None], Boxes.of(CUBE[None], np.ones((1, 3))))[0]
    np.testing.assert_allclose(whole, [[0.5, 6.0, 6.0], [-1.0, 6.0, 6.0]])
    one = argon[None, :1]
    np.testing.assert_array_equal(joined(one, Boxes.of(CUBE[None], np.ones((1, 3)))), one)


@pytest.mark.parametrize("periodic", [[False] * 3, [True, False, True]])
def test_only_periodic_directions_are_crossed(periodic):
    far = np.array([[6.0, 0.5, 6.0], [6.0, 11.5, 6.0]])
    box = Boxes.of(CUBE[None], [periodic])
    np.testing.assert_array_equal(joined(far[None], box)[0], far)
    assert isolated(np.array([18, 18]), far[None], box)[0]


@pytest.mark.parametrize("vectors", [np.zeros((3, 3)), np.full((3, 3), np.nan), np.diag([12.0, 0.0, 0.0])])
def test_vectors_that_are_missing_have_no_images(vectors):
    far = np.array([[6.0, 0.5, 6.0], [6.0, 11.5, 6.0]])
    box = Boxes.of(vectors[None], [[True] * 3])
    np.testing.assert_array_equal(joined(far[None], box)[0], far)
    assert isolated(np.array([18, 18]), far[None], box)[0]


@pytest.mark.parametrize(
    "atoms",
    [
        bulk("Si", cubic=True),
        bulk("Si"),
        bulk("Cu"),
        Atoms("H2", [[0, 0, 0], [0.74, 0, 0]], cell=[2.5, 20, 20], pbc=True),  # a chain that just touches
        Atoms("Ar2", [[0, 0, 0], [3, 0, 0]], cell=[[9, 0, 0], [9, 0, 0], [0, 0, 9]], pbc=True),  # without a volume
        Atoms("Ar", [[0, 0, 0]], cell=[1e-5, 1e-5, 1e-5], pbc=True),
    ],
)
def test_crystals_are_not_isolated(atoms):
    box = Boxes.of_atoms(atoms)
    assert not isolated(atoms.numbers, joined(atoms.positions[None], box), box)[0]
    free = Boxes.of(np.asarray(atoms.cell)[None], [[False] * 3])
    assert isolated(atoms.numbers, atoms.positions[None], free)[0]
