"""The order of atoms is found by bonds and handedness, and only where it explains a geometry."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule

from supple.molecule.atom_order import matching_order
from supple.molecule.connectivity import Connectivity


def frames_of(atoms, n=30, amplitude=0.04, seed=0):
    return atoms.positions + amplitude * np.random.default_rng(seed).standard_normal((n, len(atoms), 3))


NEOPENTANE = Atoms(
    "C5H12",
    np.concatenate(
        [[[0, 0, 0]]]
        + [[1.53 * np.array(d) / 3**0.5] for d in ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1))]
        + [
            [np.array(d) * 1.53 / 3**0.5 + 1.09 * np.array(e) / 3**0.5 for e in ((-d[0], d[1], d[2]), (d[0], -d[1], d[2]), (d[0], d[1], -d[2]))]
            for d in ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1))
        ]
    ),
)  # fmt: skip


@pytest.mark.parametrize("name", ["CH3CH2OH", "CH3CONH2", "C6H6", "C3H7Cl", "H2COH", "trans-butane", "neopentane"])
def test_any_order_is_found(name):
    atoms = NEOPENTANE if name == "neopentane" else molecule(name)
    connectivity = Connectivity.of(atoms.numbers, frames_of(atoms))
    rng = np.random.default_rng(1)
    for geometry in frames_of(atoms, 5, seed=2):
        assert not connectivity.compare(atoms.numbers, geometry[None]).unlike[0]
        mixed = rng.permutation(len(atoms))
        order = matching_order(connectivity, atoms.numbers[mixed], geometry[mixed], atoms.numbers)
        np.testing.assert_array_equal(atoms.numbers[mixed][order], atoms.numbers)
        assert not connectivity.compare(atoms.numbers, geometry[mixed][order][None]).unlike[0]


def test_what_is_exchanged_is_noticed():
    atoms = molecule("CH3CH2OH")  # C C O H(O) H H (C1) H H H (C2)
    connectivity = Connectivity.of(atoms.numbers, frames_of(atoms))
    geminal = [i for i in range(3, 9) if 0.9 < atoms.get_distance(1, i) < 1.2 or 0.9 < atoms.get_distance(0, i) < 1.2]
    hydroxyl = next(i for i in range(3, 9) if atoms.get_distance(2, i) < 1.1)
    pairs = [(hydroxyl, geminal[0])]  # other bonds
    pairs += [(i, j) for i in geminal for j in geminal if i < j and atoms.get_distance(i, j) < 1.9]  # other handedness
    assert len(pairs) == 1 + 1 + 3
    for i, j in pairs:
        order = np.arange(len(atoms))
        order[[i, j]] = j, i
        compared = connectivity.compare(atoms.numbers, atoms.positions[None, order])
        assert compared.exchanged[0], (i, j)
        found = matching_order(connectivity, atoms.numbers, atoms.positions[order], atoms.numbers)
        assert found is not None
        assert not connectivity.compare(atoms.numbers, atoms.positions[None, order][:, found]).unlike[0]
    mirrored = atoms.positions * [1, 1, -1]
    assert not connectivity.compare(atoms.numbers, mirrored[None]).unlike[0]  # the same molecule to any force field


def test_reactions_are_left_alone():
    """A proton between two fluorines: bonded to either in the data, or only to the first."""
    numbers = np.array([9, 1, 9])

    def geometry(x):
        return np.array([[0.0, 0, 0], [x, 0, 0], [2.6, 0, 0]])

    left, middle, right = geometry(0.95), geometry(1.3), geometry(1.65)
    both = Connectivity.of(numbers, np.array([left] * 10 + [right] * 10))
    assert not both.compare(numbers, np.array([left, middle, right])).unlike.any()
    one = Connectivity.of(numbers, np.array([left] * 20))
    assert one.compare(numbers, np.array([left, middle, right])).exchanged.tolist() == [False, False, True]
    # renamed, it is the geometry that the data have: by symmetry, its energy is the same
    np.testing.assert_array_equal(matching_order(one, numbers, right, numbers), [2, 1, 0])


def test_stretched_and_broken_bonds_are_no_other_order():
    atoms = molecule("CH3CH2OH")
    connectivity = Connectivity.of(atoms.numbers, frames_of(atoms))
    for factor, unlike in ((1.3, False), (2.5, True)):
        geometry = atoms.positions.copy()
        geometry[8] = geometry[1] + factor * (geometry[8] - geometry[1]) if atoms.get_distance(1, 8) < 1.2 else (
            geometry[0] + factor * (geometry[8] - geometry[0])
        )  # fmt: skip
        compared = connectivity.compare(atoms.numbers, geometry[None])
        assert not compared.exchanged[0]
        assert compared.unlike[0] == unlike
    assert matching_order(connectivity, atoms.numbers, 3 * atoms.positions, atoms.numbers) is None


def test_flat_centres_have_no_handedness():
    atoms = molecule("H2CO")
    same_side = frames_of(atoms, 10)
    same_side[:, 1] += [0.1, 0, 0]  # out of the plane, in all frames
    assert Connectivity.of(atoms.numbers, same_side).handed == ()
