"""Classes of atoms: those that the molecule's permutations exchange."""

import numpy as np
from ase.build import molecule
from toy import toy_dataset

from supple.molecule.symmetry.symmetry_classes import element_classes, symmetry_classes


def classes_of(name):
    atoms = molecule(name)
    return symmetry_classes(atoms.numbers, atoms.positions[None]), atoms.numbers.tolist()


def test_methanol():
    toy = toy_dataset(20)
    classes = symmetry_classes(toy.numbers, toy.positions)
    hydrogens = [t for t, z in zip(classes, toy.numbers, strict=True) if z == 1]
    assert len(set(classes)) == 4
    assert sorted(hydrogens.count(t) for t in set(hydrogens)) == [1, 3]


def test_benzene_has_two_classes():
    classes, numbers = classes_of("C6H6")
    assert len(set(classes)) == 2
    assert len(set(zip(classes, numbers, strict=True))) == 2


def test_more_permutations_than_are_listed():
    """Neopentane has 12,096 feasible permutations or more; all its hydrogens are equal all the same."""
    from ase import Atoms

    corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / np.sqrt(3)
    places, numbers = [np.zeros(3)], [6]
    for corner in corners:
        places.append(1.54 * corner)
        numbers.append(6)
        for other in corners:
            if not np.allclose(other, corner):
                places.append(1.54 * corner - 1.09 * other)
                numbers.append(1)
    atoms = Atoms(numbers, np.array(places))
    classes = symmetry_classes(atoms.numbers, atoms.positions[None])
    assert len(set(classes)) == 3


def test_numbered_in_the_order_of_their_first_atoms():
    assert classes_of("CH3CH2OH")[0][0] == 0
    assert element_classes(np.array([8, 1, 1, 6, 1, 8])) == [0, 1, 1, 2, 1, 0]
