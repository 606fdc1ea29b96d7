"""Rigid motion is removed, all of it and nothing else."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule

from supple.molecule.rigid_modes import (
    internal_degrees_of_freedom,
    motions,
    net_torques,
    rotation_fields,
    vibrational_basis,
    without_rigid_motion,
)

MOLECULES = {"H2O": 3, "CO2": 4, "CH3OH": 12, "N2": 1}


@pytest.fixture(params=MOLECULES)
def atoms(request):
    return molecule(request.param)


def angular_momentum(atoms, momenta):
    return np.cross(atoms.positions - atoms.get_center_of_mass(), momenta).sum(axis=0)


def test_degrees_of_freedom_are_those_of_the_basis(atoms):
    masses = atoms.get_masses()
    free = vibrational_basis(atoms.positions, masses)
    assert free.shape == (3 * len(atoms), internal_degrees_of_freedom(atoms.positions, masses))


@pytest.mark.parametrize(("name", "expected"), MOLECULES.items())
def test_known_degrees_of_freedom(name, expected):
    atoms = molecule(name)
    assert internal_degrees_of_freedom(atoms.positions, atoms.get_masses()) == expected
    assert internal_degrees_of_freedom(np.zeros((1, 3)), np.ones(1)) == 0


def test_momenta_without_rigid_motion(atoms):
    masses = atoms.get_masses()
    momenta = np.random.default_rng(0).normal(size=(len(atoms), 3))
    kept = without_rigid_motion(atoms.positions, momenta, masses)
    np.testing.assert_allclose(kept.sum(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(angular_momentum(atoms, kept), 0, atol=1e-12)
    np.testing.assert_allclose(without_rigid_motion(atoms.positions, kept, masses), kept, atol=1e-12)
    # the same as what the other decomposition calls vibration
    split = motions(atoms.positions[None], (momenta / masses[:, None])[None], masses)
    np.testing.assert_allclose(split.vibration[0] * np.sqrt(masses)[:, None], kept, atol=1e-10)


def test_the_vibrational_basis_is_orthonormal_and_free_of_rigid_motion(atoms):
    basis, root = vibrational_basis(atoms.positions, atoms.get_masses()), np.sqrt(atoms.get_masses())[:, None]
    np.testing.assert_allclose(basis.T @ basis, np.eye(basis.shape[1]), atol=1e-12)
    turning = root * rotation_fields(atoms.positions - atoms.get_center_of_mass())
    np.testing.assert_allclose(turning.reshape(3, -1) @ basis, 0, atol=1e-10)
    np.testing.assert_allclose((root * np.eye(3)[:, None]).reshape(3, -1) @ basis, 0, atol=1e-10)


def test_torques():
    pair = Atoms("H2", [[0.0, 0, 0], [2.0, 0, 0]])
    total, usual = net_torques(pair.positions[None], np.array([[[0.0, 1, 0], [0, -1, 0]]]))
    assert total[0] == pytest.approx(2.0)
    assert usual[0] == pytest.approx(np.sqrt(2))
    assert net_torques(pair.positions[None], np.array([[[1.0, 0, 0], [-1, 0, 0]]]))[0][0] == 0
