"""Symmetries are described as a chemist would describe them."""

import numpy as np
import pytest
from ase.build import molecule

from supple.molecule.bonds import bond_graph
from supple.molecule.symmetry.description import describe_symmetry
from supple.molecule.symmetry.permutations import find_permutations


def described(name):
    atoms = molecule(name)
    positions = np.repeat(atoms.positions[None], 3, axis=0)
    return describe_symmetry(bond_graph(atoms.numbers, positions), find_permutations(atoms.numbers, positions))


@pytest.mark.parametrize(
    ("name", "atoms", "motions"),
    [
        (
            "C6H6",
            ("C 1, 2, 3, 4, 5, 6", "H 7, 8, 9, 10, 11, 12"),
            ("ring C1-C2-C3-C4-C5-C6 flips", "ring C1-C2-C3-C4-C5-C6 rotates"),
        ),
        ("CH3CH2OH", ("H 5, 6 (CH2 group of C2)", "H 7, 8, 9 (methyl group of C1)"), ()),
        ("H3CNH2", ("H 3, 6, 7 (methyl group of C1)", "H 4, 5 (NH2 group of N2)"), ()),
        ("NH3", ("H 2, 3, 4",), ()),
        ("HCN", (), ()),
    ],
)
def test_equivalent_atoms_and_what_exchanges_them(name, atoms, motions):
    found = described(name)
    assert found.equivalent_atoms == atoms
    assert found.motions == motions


def test_two_halves():
    motions = described("C2H6").motions
    assert motions[:2] == ("methyl group of C2 rotates", "methyl group of C1 rotates")
    assert motions[-1] == "the two halves of the molecule swap"


def test_as_a_sentence():
    assert str(described("HCN")) == "no permutation symmetry"
    assert str(described("H2O")) == "2 permutation symmetries; equivalent atoms: H 2, 3"
    assert str(described("CH3OH")) == "6 permutation symmetries; equivalent atoms: H 3, 5, 6 (methyl group of C1)"


def test_permutations_that_the_bonds_do_not_explain_are_written_out():
    graph = bond_graph(np.array([8, 1, 1]), molecule("H2O").positions[None])
    graph.remove_edge(0, 2)
    found = describe_symmetry(graph, np.array([[0, 1, 2], [0, 2, 1]]))
    assert found.equivalent_atoms == ("H 2, 3",)
    assert found.motions == ("H2 and H3 swap",)
