"""Atoms that a file fixes stay where they are; other constraints are refused."""

import numpy as np
import pytest
from ase import Atoms
from ase.constraints import FixAtoms, FixBondLength, FixCartesian
from ase.io import write
from closed_forms import PEROXIDE, ClosedForm, peroxide, peroxide_at

from supple import Dataset
from supple.errors import DataError, SettingsError
from supple.simulation.relaxation import relax
from supple.simulation.relaxation.fixed_atoms import fixed_atoms, require_free

HOOH = ClosedForm(PEROXIDE.numbers, peroxide)


def hooh(*constraints):
    return Atoms(PEROXIDE.numbers, peroxide_at(60.0), constraint=list(constraints))


@pytest.mark.parametrize("name", ["a.xyz", "a.extxyz", "a.xyz.gz", "a.traj", "a.json"])
def test_fixed_atoms_of_each_frame(name, tmp_path):
    write(tmp_path / name, [hooh(), hooh(FixAtoms([0, 2])), hooh(FixAtoms([3]))])
    assert fixed_atoms(tmp_path / name) == {1: (0, 2), 2: (3,)}
    with pytest.raises(SettingsError, match=r"The scan moves all atoms, but frame 1 of .* supple convert .* free.xyz"):
        require_free(tmp_path / name, "The scan")


def test_files_without_constraints(tmp_path):
    write(tmp_path / "a.xyz", hooh())
    (tmp_path / "a.out").write_text("move_mask")
    assert fixed_atoms(tmp_path / "a.xyz") == fixed_atoms(tmp_path / "a.out") == {}
    require_free(tmp_path / "a.xyz", "The scan")


@pytest.mark.parametrize("constraint", [FixBondLength(0, 1), FixCartesian([1], mask=(True, False, False))])
def test_other_constraints_are_refused(constraint, tmp_path):
    write(tmp_path / "a.traj", hooh(constraint))
    with pytest.raises(SettingsError, match=r"Frame 0 of .* not supported .*only fixed atoms"):
        fixed_atoms(tmp_path / "a.traj")


def test_constraints_that_cannot_be_read_are_refused(tmp_path):
    (tmp_path / "a.xyz").write_text("2\nProperties=species:S:1:pos:R:3:move_mask:L:1\nH 0 0 0 F\n")
    with pytest.raises(DataError, match=r"constraints of .* cannot be read"):
        fixed_atoms(tmp_path / "a.xyz")


def test_they_stay_and_the_others_relax():
    start = peroxide_at(60.0) + 0.05 * np.random.default_rng(0).standard_normal((4, 3))
    data = Dataset.of(PEROXIDE.numbers, np.array([start, start]))
    fixed, free = sorted(relax(HOOH, data, fixed={0: (0, 1)}), key=lambda minimum: minimum.frame)
    np.testing.assert_array_equal(fixed.positions[:2], start[:2])
    assert fixed.converged
    assert fixed.remark is None
    assert np.linalg.norm(fixed.forces[2:], axis=1).max() <= 1e-3 < np.linalg.norm(fixed.forces[:2], axis=1).max()
    assert np.abs(free.positions[:2] - start[:2]).max() > 1e-3


def test_frequencies_with_fixed_atoms_are_refused():
    data = Dataset.of(PEROXIDE.numbers, peroxide_at(60.0)[None])
    with pytest.raises(SettingsError, match=r"With fixed atoms .* leave out --frequencies, or free the atoms"):
        relax(HOOH, data, frequencies=True, fixed={0: (1,)})
