"""Energies learned beside forces: the matrix is the covariance, masked energies do not count, and it pays."""

import numpy as np
import pytest
import torch
from toy import toy_dataset, toy_energy, toy_forces

from supple import SGDML, Dataset, load
from supple.models.kernel.direct_fit import kernel_fit
from supple.models.kernel.molecular_kernel import MolecularKernel
from supple.models.kernel.problem import Problem
from supple.molecule.symmetry.permutations import find_permutations

SIGMA = 6.0


def with_energies(data, energies):
    return Dataset.of(data.numbers, data.positions, energies, data.forces, name="toy.xyz")


@pytest.fixture(scope="module")
def data():
    return toy_dataset(6)


def fit(train, weight, lam=1e-10):
    problem = Problem(train, find_permutations(train.numbers, train.positions), weight)
    return kernel_fit(problem, MolecularKernel.uniform(SIGMA, problem.frames.action), lam)[0]


def test_the_solution_reproduces_energies_and_forces(data):
    potential = fit(data, 10.0, 1e-12)
    energies, forces = potential.predict(data.positions)
    np.testing.assert_allclose(energies, data.energies, atol=1e-6)
    np.testing.assert_allclose(forces, data.forces, atol=1e-6 * np.abs(data.forces).max())


def test_energies_that_are_not_known_do_not_count():
    data = toy_dataset(20)
    some = data.energies.copy()
    some[5:] = np.nan
    none = np.full(len(data), np.nan)
    few = fit(with_energies(data, some), 10.0)
    energies, _ = few.predict(data.positions[:5])
    np.testing.assert_allclose(energies, data.energies[:5], atol=1e-6)
    masked = fit(with_energies(data, none), 10.0)
    alone = fit(data, None)
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
    errors = [fit(train, weight).evaluate(test).energy.rmse for weight in (None, 10.0)]
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


def test_too_few_energies_are_not_compared():
    train, valid, _ = toy_dataset(80).split(train=30, valid=20)
    one = np.full(len(train), np.nan)
    one[0] = train.energies[0]
    made = SGDML(sigma=SIGMA).fit(with_energies(train, one), valid).provenance
    assert made.settings["energies"] == "integrated"
    (note,) = [note for note in made.notes if note.startswith("Energies")]
    assert "too few of the first 30 training frames" in note


@pytest.mark.parametrize(("loss", "learned"), [(0.0, False), (1e9, True)])
def test_energies_may_not_cost_forces(monkeypatch, loss, learned):
    monkeypatch.setattr("supple.models.sgdml.choose_energies._FORCE_LOSS", loss)
    train, test = basins(0), basins(1)
    made = SGDML(sigma=SIGMA).fit(train, test).provenance
    assert made.settings["energies"] == ("learned" if learned else "integrated")


def test_the_weight_of_energies_is_that_of_the_settings():
    train, valid, _ = toy_dataset(80).split(train=20, valid=10)
    potentials = [
        SGDML(sigma=SIGMA, lam=1e-6, energies="learned", **w).fit(train, valid)
        for w in ({}, {"energy_weight": 10.0}, {"energy_weight": 1e-3})
    ]
    default, ten, small = (np.abs(p.predict(train.positions)[0] - train.energies).max() for p in potentials)
    assert default == ten
    assert small > 3 * ten  # they are fitted less closely
