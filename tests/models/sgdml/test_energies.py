"""Energies learned beside forces: the matrix is the covariance, masked energies do not count, and it pays."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from toy import toy_dataset, toy_energy, toy_forces

from supple import SGDML, Dataset, load
from supple.models.kernel.direct_fit import kernel_fit
from supple.models.kernel.problem import Problem
from supple.models.kernel.solver_cost import EnergyObjection
from supple.models.kernel.system import assemble
from supple.molecule.symmetry.permutations import find_permutations

SIGMA = 6.0


def with_energies(data, energies):
    return Dataset.of(data.numbers, data.positions, energies, data.forces, name="toy.xyz")


@pytest.fixture(scope="module")
def data():
    return toy_dataset(6)


def test_the_matrix_is_the_covariance_of_energies_and_forces(data):
    """Rows of energies and of forces are derivatives of one kernel, by automatic differentiation."""
    permutations = find_permutations(data.numbers, data.positions)
    part = data.select(range(3))
    frames = Problem(part, permutations, energy_weight=2.0).frames
    lower = assemble(frames, SIGMA, lambda done, total: None).dense()
    matrix = lower + lower.tril(-1).T
    r, width = torch.tensor(part.positions), frames.width

    def kernel(a, b):
        x, y = (frames.descriptor(one[None])[0] for one in (a, b))
        q = (5**0.5 / SIGMA) * (x - y[frames.action]).norm(dim=1)
        return ((1 + q + q**2 / 3) * torch.exp(-q)).sum()

    for i in range(3):
        for j in range(3):
            if i == j:
                continue  # a frame against itself has a kink at distance 0 that only limits resolve
            block = matrix[i * width : (i + 1) * width, j * width : (j + 1) * width]
            value = kernel(r[i], r[j])
            by_i, by_j = torch.autograd.functional.jacobian(kernel, (r[i], r[j]))
            hessian = torch.autograd.functional.hessian(kernel, (r[i], r[j]))[0][1].reshape(18, 18)
            torch.testing.assert_close(block[:-1, :-1], frames.basis[i].T @ hessian @ frames.basis[j])
            torch.testing.assert_close(block[:-1, -1], -2.0 * frames.basis[i].T @ by_i.flatten())
            torch.testing.assert_close(block[-1, :-1], -2.0 * frames.basis[j].T @ by_j.flatten())
            torch.testing.assert_close(block[-1, -1], 4.0 * value)


def test_the_solution_reproduces_energies_and_forces(data):
    potential, _ = kernel_fit(
        Problem(data, find_permutations(data.numbers, data.positions), energy_weight=10.0), SIGMA, 1e-12
    )
    energies, forces = potential.predict(data.positions)
    np.testing.assert_allclose(energies, data.energies, atol=1e-6)
    np.testing.assert_allclose(forces, data.forces, atol=1e-6 * np.abs(data.forces).max())


def test_energies_that_are_not_known_do_not_count():
    data = toy_dataset(20)
    permutations = find_permutations(data.numbers, data.positions)
    some = data.energies.copy()
    some[5:] = np.nan
    none = np.full(len(data), np.nan)
    few, _ = kernel_fit(Problem(with_energies(data, some), permutations, 10.0), SIGMA, 1e-10)
    energies, _ = few.predict(data.positions[:5])
    np.testing.assert_allclose(energies, data.energies[:5], atol=1e-6)
    masked, _ = kernel_fit(Problem(with_energies(data, none), permutations, 10.0), SIGMA, 1e-10)
    alone, _ = kernel_fit(Problem(data, permutations), SIGMA, 1e-10)
    new = toy_dataset(5, seed=7).positions
    np.testing.assert_allclose(masked.predict(new)[1], alone.predict(new)[1], rtol=1e-8, atol=1e-10)


def basins(seed):
    """A molecule and one a third larger, whose energy lies 0.05 eV above what the forces say."""
    small = toy_dataset(20, seed=seed, amplitude=0.03)
    large = torch.tensor(1.35 * small.positions)
    positions = np.concatenate([small.positions, large.numpy()])
    energies = np.concatenate([small.energies, toy_energy(large).numpy() + 0.05])
    forces = np.concatenate([small.forces, toy_forces(large).numpy()])
    return Dataset.of(small.numbers, positions, energies, forces, name="toy.xyz")


def test_the_offset_between_two_basins_is_learned_and_not_integrated():
    train, test = basins(0), basins(1)
    errors = []
    for weight in (None, 10.0):
        potential, _ = kernel_fit(
            Problem(train, find_permutations(train.numbers, train.positions), weight), SIGMA, 1e-10
        )
        errors.append(potential.evaluate(test).energy.rmse)
    assert errors[1] < 0.2 * errors[0]


def test_which_way_was_taken_is_said_with_figures():
    train, valid, _ = toy_dataset(80).split(train=30, valid=20)
    notes = SGDML(sigma=SIGMA).fit(train, valid).provenance.notes
    (note,) = [note for note in notes if note.startswith("Energies")]
    assert "changes the validation energy RMSE from" in note
    forces_alone = with_energies(train, np.full(len(train), np.nan))
    notes = SGDML(sigma=SIGMA).fit(forces_alone, valid).provenance.notes
    assert not any(note.startswith("Energies") for note in notes)


@pytest.mark.parametrize("energies", ["learned", "integrated"])
def test_either_way_can_be_asked_for_and_saved(energies, tmp_path):
    train, valid, test = toy_dataset(80).split(train=30, valid=20)
    potential = SGDML(sigma=SIGMA, energies=energies).fit(train, valid)
    assert potential.provenance.settings["energies"] == energies
    assert (potential.module.w is not None) == (energies == "learned")
    potential.save(tmp_path / "model.safetensors")
    again = load(tmp_path / "model.safetensors")
    for ours, theirs in zip(potential.predict(test.positions), again.predict(test.positions), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    one, _ = potential.predict(test.positions[:1])
    np.testing.assert_allclose(one, potential.predict(test.positions)[0][:1], rtol=1e-10)


def test_energies_are_not_learned_when_the_matrix_is_too_large(monkeypatch):
    train, valid, _ = toy_dataset(80).split(train=30, valid=20)
    monkeypatch.setattr(
        "supple.models.sgdml.settings.objection_to_energies",
        lambda cost, other: EnergyObjection("learning them would need 99 GiB.", prohibitive=True),
    )
    notes = SGDML(sigma=SIGMA).fit(train, valid).provenance.notes
    assert "Energies are integrated from the forces: learning them would need 99 GiB." in notes


@pytest.mark.parametrize(("worth", "learned"), [(0.0, False), (10.0, True)])
def test_energies_that_take_long_must_be_worth_it(monkeypatch, worth, learned):
    train, valid, _ = toy_dataset(80).split(train=30, valid=20)
    objection = EnergyObjection("learning them takes long.", prohibitive=False)
    monkeypatch.setattr("supple.models.sgdml.settings.objection_to_energies", lambda cost, other: objection)
    monkeypatch.setattr("supple.models.sgdml.choose_settings._LARGE_GAIN", worth)
    made = SGDML(sigma=SIGMA).fit(train, valid).provenance
    assert made.settings["energies"] == ("learned" if learned else "integrated")
    (note,) = (note for note in made.notes if note.startswith("Energies"))
    assert note.endswith("Moreover, learning them takes long.") != learned


def test_iteration_cannot_learn_energies():
    with pytest.raises(ValidationError, match="energies can only be learned with the direct solver"):
        SGDML(energies="learned", solver="iterative")
