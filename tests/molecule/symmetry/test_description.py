"""Symmetries are described as a chemist would describe them."""

import numpy as np
import pytest
from ase.build import molecule
from large_groups import neopentane

from supple.molecule.bonds import bond_graph
from supple.molecule.symmetry.description import SymmetryDescription, describe_symmetry
from supple.molecule.symmetry.permutations import PermutationSymmetries, find_symmetries


def described(name):
    atoms = molecule(name)
    positions = np.repeat(atoms.positions[None], 3, axis=0)
    return describe_symmetry(bond_graph(atoms.numbers, positions), find_symmetries(atoms.numbers, positions))


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
    found = describe_symmetry(graph, PermutationSymmetries(np.array([[0, 1, 2], [0, 2, 1]]), 2))
    assert found.equivalent_atoms == ("H 2, 3",)
    assert found.motions == ("H2 and H3 swap",)


def test_what_is_left_out_of_a_large_group_is_said():
    atoms = neopentane()
    positions = atoms.positions[None]
    found = describe_symmetry(bond_graph(atoms.numbers, positions), find_symmetries(atoms.numbers, positions))
    assert (found.order, found.full_order) == (81, 1944)
    assert found.left_out == ("the molecule rotates onto itself",)
    assert str(found).startswith(
        "81 of 1944 permutation symmetries are used, since more than 200 would cost more time than they improve a model "
        "(left out: the molecule rotates onto itself); equivalent atoms: H 6, 7, 8 (methyl group of C2)"
    )


def test_of_many_motions_that_are_left_out_a_few_are_named():
    said = str(SymmetryDescription(1, (), (), 5000, ("a", "b", "c", "d", "e")))
    assert said == (
        "1 of 5000 permutation symmetries are used, since more than 200 would cost more time than they improve a model (left "
        "out: a; b; c; and 2 more)"
    )
