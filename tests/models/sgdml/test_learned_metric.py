"""A force field with a learned metric: it is better, and a force field like every other."""

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation
from toy import toy_dataset

from supple import SGDML, load, read
from supple.data.bundled import bundled_path
from supple.molecule.symmetry.permutations import find_permutations

TRAIN, VALID, TEST = toy_dataset(120).split(train=20, valid=20, test=50, seed=1)
FRAMES = TEST.positions[:5]


@pytest.fixture(scope="module")
def potential():
    """With several terms, and learned energies."""
    return SGDML(energies="learned").fit(TRAIN, VALID)


@pytest.fixture(scope="module")
def uniform():
    return SGDML(metric="uniform", energies="learned").fit(TRAIN, VALID)


def assert_same(first, second, tolerance=1e-9):
    size = np.abs(first[1]).max()
    for ours, theirs in zip(first, second, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance * size)


def test_it_is_better_than_one_length_scale(potential, uniform):
    """Three times on this molecule; an error in the gradient or in the kernel would not let it."""
    ours, theirs = (one.evaluate(TEST) for one in (potential, uniform))
    assert ours.forces.rmse < 0.5 * theirs.forces.rmse
    assert ours.energy.rmse < 0.7 * theirs.energy.rmse


def test_what_was_learned_is_recorded(potential):
    settings, notes = potential.provenance.settings, potential.provenance.notes
    assert settings["metric"] == "learned"
    assert settings["kernel"] == "matern-7/2"
    assert settings["sigma"] == "auto"  # there is none
    families = {one["family"] for one in settings["contributions"]}
    assert families == {"whole molecule", "1 bond around each atom", "2 bonds around each atom"}
    (note,) = (note for note in notes if note.startswith("Metric learned"))
    assert "on 20 frames" in note and ": one for each" in note
    assert any(note.startswith("Shares of the squared distance") for note in notes)


def test_it_has_several_terms_and_weights(potential):
    kernel = potential.module.kernel
    assert len(kernel.terms) == 4  # around C, around O, two bonds around both, and the whole molecule
    assert len(kernel.weights) == 3
    assert kernel.sigma is None
    assert potential.module.w is not None


def test_save_and_load(potential, tmp_path):
    potential.save(tmp_path / "model.safetensors")
    loaded = load(tmp_path / "model.safetensors")
    assert loaded.provenance == potential.provenance
    assert loaded.module.kernel.configuration() == potential.module.kernel.configuration()
    for ours, theirs in zip(loaded.predict(FRAMES), potential.predict(FRAMES), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_forces_are_minus_the_gradient_of_the_energy(potential):
    h, one = 1e-3, FRAMES[:1]
    steps = h * np.array([-2, -1, 1, 2])[:, None, None] * np.eye(one.size)
    moved = one + steps.reshape(-1, *one.shape[1:])
    slopes = np.array([1, -8, 8, -1]) @ potential.predict(moved)[0].reshape(4, -1) / (12 * h)
    forces = potential.predict(one)[1]
    np.testing.assert_allclose(-slopes, forces.ravel(), rtol=0, atol=1e-6 * np.abs(forces).max())


def test_rotation_translation_and_reflection(potential):
    energies, forces = potential.predict(FRAMES)
    turn = Rotation.random(rng=np.random.default_rng(5)).as_matrix()
    for matrix in (turn, -turn):
        moved = FRAMES @ matrix + np.array([1.0, -2.0, 3.0])
        assert_same((energies, forces @ matrix), potential.predict(moved), 1e-8)


def test_no_net_force_or_torque(potential):
    forces = potential.predict(FRAMES)[1]
    size = np.abs(forces).max()
    assert np.abs(forces.sum(axis=1)).max() < 1e-9 * size
    assert np.abs(np.cross(FRAMES, forces).sum(axis=1)).max() < 1e-8 * size


def test_permutations_of_equal_atoms(potential):
    permutations = find_permutations(TRAIN.numbers, TRAIN.positions)
    assert len(permutations) == 6
    energies, forces = potential.predict(FRAMES)
    for order in permutations:
        assert_same((energies, forces[:, order]), potential.predict(FRAMES[:, order]))


def test_batch_equals_one_by_one(potential):
    alone = [potential.predict(frame[None]) for frame in FRAMES]
    for ours, theirs in zip(zip(*alone, strict=True), potential.predict(FRAMES), strict=True):
        np.testing.assert_array_equal(np.concatenate(ours), theirs)


def test_operations_on_tensors_are_the_same(potential):
    """To rounding: terms of opposite signs cancel to nine digits."""
    energies, forces = potential.operations()(torch.tensor(FRAMES))
    assert_same(potential.predict(FRAMES), (energies.numpy(), forces.numpy()), 1e-6)


def test_a_given_lambda_is_kept():
    made = SGDML(lam=1e-6, environments=("molecule",), energies="integrated").fit(TRAIN, VALID)
    assert made.provenance.settings["lam"] == pytest.approx(1e-6, rel=1e-12)


@pytest.mark.slow
def test_it_is_better_for_glycine():
    train, valid, test = read(bundled_path("glycine")).split(20, 20, 200)
    ours, theirs = (SGDML(metric=metric).fit(train, valid).evaluate(test) for metric in ("learned", "uniform"))
    assert ours.forces.rmse < theirs.forces.rmse
