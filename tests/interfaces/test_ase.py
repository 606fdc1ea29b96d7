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
