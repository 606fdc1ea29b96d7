"""Symmetries are said as a chemist would say them."""

import numpy as np
import pytest
from ase.build import molecule

from supple import Dataset
from supple.molecule.bonds import bond_graph
from supple.molecule.symmetry.description import symmetry_words
from supple.molecule.symmetry.permutations import find_permutations


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("C6H6", ["ring C1-C2-C3-C4-C5-C6 flips", "ring C1-C2-C3-C4-C5-C6 turns"]),
        ("CH3CH2OH", ["methyl group of C1 turns", "H5-H6 and H8-H9 swap together"]),
        ("NH3", ["hydrogens H2-H3-H4 of N1 turn", "hydrogens H3-H4 of N1 swap"]),
        ("H2O", ["hydrogens H2-H3 of O1 swap"]),
        ("HCN", []),
    ],
)
def test_words(name, words):
    atoms = molecule(name)
    data = Dataset.of(atoms.numbers, np.repeat(atoms.positions[None], 3, axis=0))
    permutations = find_permutations(data.numbers, data.positions)
    assert symmetry_words(bond_graph(data.numbers, data.positions), permutations) == words


def test_two_halves():
    atoms = molecule("C2H6")
    data = Dataset.of(atoms.numbers, np.repeat(atoms.positions[None], 3, axis=0))
    words = symmetry_words(bond_graph(data.numbers, data.positions), find_permutations(data.numbers, data.positions))
    assert words[-1] == "the two halves of the molecule swap"
