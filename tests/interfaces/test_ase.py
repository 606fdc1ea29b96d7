"""The ASE calculator."""

import numpy as np
import pytest
from ase import Atoms
from interfaces.conftest import assert_same

from supple.errors import MoleculeError


def test_same_as_supple(potential, frames):
    atoms = Atoms(potential.numbers, frames[0], calculator=potential.calculator())
    energies, forces = [], []
    for positions in frames:
        atoms.positions = positions
        energies.append(atoms.get_potential_energy())
        forces.append(atoms.get_forces())
    assert_same(potential, frames, energies, np.array(forces), tolerance=1e-12 if potential.kind == "schnet" else 1e-9)


def test_another_molecule_is_refused(potential, frames):
    atoms = Atoms(potential.numbers[::-1], frames[0], calculator=potential.calculator())
    with pytest.raises(MoleculeError, match="one molecule in one order of its atoms"):
        atoms.get_forces()
    atoms = Atoms("CH4", np.eye(5)[:, :3], calculator=potential.calculator())
    with pytest.raises(MoleculeError, match=r"The Atoms object contains CH4, but the force field was trained on CH4O"):
        atoms.get_forces()


CELLS = {"cubic": np.eye(3) * 12.0, "skewed": np.array([[12.0, 0, 0], [-5.0, 11.0, 0], [4.0, -5.0, 10.0]])}


def told(atoms):
    return [atoms.get_potential_energy()], atoms.get_forces()[None]


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_a_molecule_cut_by_its_box_is_joined(potential, frames, cell):
    atoms = Atoms(potential.numbers, frames[0], cell=cell, pbc=True, calculator=potential.calculator())
    for k in range(40):  # over several boxes
        atoms.positions = frames[0] + 0.9 * k
        atoms.wrap()
        assert_same(potential, frames[:1], *told(atoms), tolerance=1e-5)
    atoms.positions = frames[1] + 7.0
    atoms.wrap()
    assert_same(potential, frames[1:2], *told(atoms), tolerance=1e-5)


def test_a_box_that_changes(potential, frames):
    atoms = Atoms(potential.numbers, frames[0], cell=[12] * 3, pbc=True, calculator=potential.calculator())
    assert_same(potential, frames[:1], *told(atoms))
    atoms.set_cell([14, 15, 16], scale_atoms=False)
    assert_same(potential, frames[:1], *told(atoms))
    atoms.set_cell([3, 15, 16], scale_atoms=False)
    with pytest.raises(MoleculeError, match="touches its own periodic images"):
        atoms.get_forces()
    atoms.pbc = False  # a box without images means nothing
    assert_same(potential, frames[:1], *told(atoms))


def test_atoms_in_another_order_are_recognised_by_their_bonds(potential, frames):
    numbers = potential.numbers
    for order in ([0, 1, 2, 5, 4, 3], [0, 1, 2, 3, 5, 4], [5, 4, 3, 2, 1, 0], [2, 0, 3, 1, 5, 4]):
        atoms = Atoms(numbers[order], frames[0][order], calculator=potential.calculator())
        back = np.argsort(order)
        for positions in (frames[0], frames[1], frames[0]):
            atoms.positions = positions[order]
            energies, forces = told(atoms)
            assert_same(potential, positions[None], energies, forces[:, back], tolerance=1e-5)


def test_one_calculator_for_atoms_in_several_orders(potential, frames):
    calculator, order = potential.calculator(), np.array([0, 1, 2, 5, 4, 3])
    for _ in range(2):
        for rows in (np.arange(6), order):
            atoms = Atoms(potential.numbers, frames[0][rows], calculator=calculator)
            energies, forces = told(atoms)
            assert_same(potential, frames[:1], energies, forces[:, np.argsort(rows)], tolerance=1e-5)


def test_an_order_is_kept_while_the_atoms_move_in_small_steps(potential, frames, monkeypatch):
    """In a reaction, atoms change places step by step; that the order is looked for once keeps the energy continuous."""
    from supple.models import followed_molecule

    looked = []
    search = followed_molecule.arrange
    monkeypatch.setattr(followed_molecule, "arrange", lambda *words: looked.append(1) or search(*words))
    atoms = Atoms(potential.numbers, frames[0], calculator=potential.calculator())
    there = frames[0][[0, 1, 2, 5, 4, 3]]
    for way in np.linspace(0, 1, 60):
        atoms.positions = frames[0] + way * (there - frames[0])
        atoms.get_forces()
    assert len(looked) == 1
    assert_same(potential, there[None], *told(atoms), tolerance=1e-5)


def test_without_connectivity_the_order_is_taken_as_it_is(potential, frames, monkeypatch):
    monkeypatch.setattr(potential, "connectivity", None)
    order = [0, 1, 2, 5, 4, 3]
    atoms = Atoms(potential.numbers, frames[0][order], calculator=potential.calculator())
    assert_same(potential, frames[:1][:, order], *told(atoms), tolerance=1e-5)


def test_nan_gives_nan(potential, frames):
    atoms = Atoms(potential.numbers, frames[0] * np.nan, calculator=potential.calculator())
    assert np.isnan(atoms.get_potential_energy())
    atoms.positions = frames[0]
    assert_same(potential, frames[:1], *told(atoms), tolerance=1e-5)
