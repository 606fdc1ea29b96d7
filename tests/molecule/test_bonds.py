"""Bonds of a molecule over frames in which a proton hops."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule

from supple.molecule.bonds import (
    BOND_FACTOR,
    atom_pairs,
    bond_angles,
    bond_graph,
    bonded_pairs,
    commonest_bonds,
    frequent_bonds,
    graph_of_pairs,
    pair_distances,
    relative_distances,
)

#: A proton between two fluorine atoms, at the left one, in the middle of nowhere, or at the right one.
NUMBERS = np.array([9, 1, 9])


def frames(left, right):
    x = np.array([0.95] * left + [1.75] * right)
    positions = np.zeros((len(x), 3, 3))
    positions[:, 1, 0], positions[:, 2, 0] = x, 2.7
    return positions


def test_distances_are_those_of_ase():
    atoms = molecule("CH3OH")
    i, j = atom_pairs(len(atoms))
    distances = pair_distances(atoms.positions[None])
    np.testing.assert_allclose(distances[0], atoms.get_all_distances()[i, j])
    relative = relative_distances(atoms.numbers, distances)
    assert ((relative < BOND_FACTOR) == bonded_pairs(atoms.numbers, distances)).all()
    assert bonded_pairs(atoms.numbers, distances).sum() == 5


def test_many_frames_are_taken_in_parts():
    positions = np.random.default_rng(0).normal(size=(1201, 3, 3))
    np.testing.assert_array_equal(pair_distances(positions)[1100:], pair_distances(positions[1100:]))


def test_a_proton_that_hops_is_bonded_to_both_where_frequent_bonds_are_asked_for():
    positions = frames(left=90, right=10)
    matrix = frequent_bonds(NUMBERS, positions)
    assert matrix[0, 1]
    assert matrix[1, 2]
    assert (matrix == matrix.T).all()
    assert not matrix.diagonal().any()
    assert set(bond_graph(NUMBERS, positions).edges) == {(0, 1), (1, 2)}
    assert set(bond_graph(NUMBERS, frames(left=96, right=4)).edges) == {(0, 1)}


def test_and_to_one_where_the_commonest_are():
    bonded = bonded_pairs(NUMBERS, pair_distances(frames(left=60, right=40)))
    graph = graph_of_pairs(NUMBERS, commonest_bonds(bonded))
    assert {tuple(sorted(edge)) for edge in graph.edges} == {(0, 1)}
    assert [graph.nodes[k]["z"] for k in graph] == [9, 1, 9]


def test_angles():
    water = Atoms("OH2", [[0, 0, 0], [1, 0, 0], [np.cos(1.8), np.sin(1.8), 0]])
    assert bond_angles(water.positions[None], [(1, 0, 2)])[0, 0] == pytest.approx(np.degrees(1.8))
