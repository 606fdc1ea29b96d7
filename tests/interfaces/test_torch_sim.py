"""torch-sim: replicas in one call, and dynamics of its own with them."""

import numpy as np
import pytest
import torch
from ase import Atoms
from interfaces.conftest import assert_same

from supple.errors import MoleculeError

ts = pytest.importorskip("torch_sim", reason="torch-sim is not installed")


@pytest.fixture
def model(potential):
    from supple.interfaces.torch_sim import SuppleModel

    return SuppleModel(potential)


def state_of(numbers, frames):
    return ts.io.atoms_to_state([Atoms(numbers, r) for r in frames], torch.device("cpu"), torch.float64)


def test_a_batch_is_the_same_as_supple(model, potential, frames):
    out = model(state_of(potential.numbers, frames))
    assert_same(potential, frames, out["energy"].numpy(), out["forces"].reshape(frames.shape).numpy())


def test_error_bars(model, potential, frames):
    from supple.interfaces.torch_sim import SuppleModel

    expected = potential.predict(frames, uncertainty=True)
    out = SuppleModel(potential, uncertainty=True)(state_of(potential.numbers, frames))
    np.testing.assert_allclose(out["energy_uncertainty"].numpy(), expected.energies_std, rtol=1e-6)
    np.testing.assert_allclose(
        out["forces_uncertainty"].reshape(frames.shape[:2]).numpy(), expected.forces_std, rtol=1e-6
    )
    order = np.argsort(potential.numbers, kind="stable")
    other = SuppleModel(potential, uncertainty=True)(state_of(potential.numbers[order], frames[:, order]))
    np.testing.assert_allclose(
        np.sort(other["forces_uncertainty"].reshape(frames.shape[:2]).numpy(), axis=1),
        np.sort(expected.forces_std, axis=1),
        rtol=1e-3,
    )
    hydrogens = potential.numbers[order] == 1
    np.testing.assert_allclose(
        np.sort(other["forces_uncertainty"].reshape(frames.shape[:2]).numpy()[:, hydrogens], axis=1),
        np.sort(expected.forces_std[:, potential.numbers == 1], axis=1), rtol=1e-3,
    )  # fmt: skip
    assert "energy_uncertainty" not in model(state_of(potential.numbers, frames))


def test_its_dynamics_keep_the_energy(model, potential, frames):
    start = state_of(potential.numbers, frames[:3])
    energies = []
    for n_steps in (1, 240):
        torch.manual_seed(1)
        state = ts.integrate(
            start, model, integrator=integrator("nve"), n_steps=n_steps, temperature=300.0, timestep=5e-5
        )
        kinetic = ts.calc_kinetic_energy(masses=state.masses, momenta=state.momenta, system_idx=state.system_idx)
        energies.append(state.energy + kinetic)
        moved = state.positions.reshape(3, -1, 3)
    assert np.abs(moved.numpy() - frames[:3]).max() > 0.02
    torch.testing.assert_close(*energies, rtol=0, atol=2e-3)
    assert_same(potential, moved.numpy(), state.energy.numpy(), state.forces.reshape(moved.shape).numpy())


def integrator(name):
    """By the name that it has in this version of torch-sim."""
    return getattr(getattr(ts, "Integrator", ts), name)


def test_other_systems_are_refused(model, potential, frames):
    with pytest.raises(MoleculeError, match="describes no other molecule"):
        model(state_of([6, 6, 1, 1, 1, 1], frames))
    with pytest.raises(MoleculeError, match="one molecule"):
        model(state_of(potential.numbers[:-1], frames[:, :-1]))
    state = state_of(potential.numbers, frames)
    state.pbc = True
    with pytest.raises(MoleculeError, match="pbc=False"):
        model(state)


def test_atoms_in_another_order_are_recognised_by_their_bonds(model, potential, frames):
    turned = [0, 5, 1, 2, 4, 3]  # of equal elements at other places, too
    mixed = [Atoms(potential.numbers[turned], r[turned]) for r in frames[:4]]
    mixed += [Atoms(potential.numbers, r) for r in frames[4:]]
    for _ in range(2):
        out = model(ts.io.atoms_to_state(mixed, torch.device("cpu"), torch.float64))
        forces = out["forces"].reshape(frames.shape).numpy().copy()
        forces[:4, turned] = forces[:4].copy()
        assert_same(potential, frames, out["energy"].numpy(), forces)
