"""What must hold for every potential, whichever model it is."""

import dataclasses

import numpy as np
import pytest
from properties.conftest import SETTINGS
from scipy.spatial.transform import Rotation

from supple import Dataset, load
from supple.models.registry import MODELS, settings_class

NETWORKS = ("schnet", "bespoke")
#: Relative to the largest force: networks compute in float32.
TOLERANCE = {"sgdml": 1e-9, "schnet": 2e-5, "bespoke": 2e-5, "difference": 1e-9}


@pytest.fixture
def tolerance(potential):
    return TOLERANCE[potential.kind]


@pytest.fixture
def frames(toy):
    return toy[2].positions[:7]


def assert_same(potential, tolerance, first, second):
    """Two predictions, to rounding."""
    size = np.abs(first[1]).max()
    np.testing.assert_allclose(first[0], second[0], rtol=0, atol=tolerance * size)
    np.testing.assert_allclose(first[1], second[1], rtol=0, atol=tolerance * size)


def test_learns(potential, toy):
    test = toy[2]
    metrics = potential.evaluate(test)
    assert metrics.n_frames == 50
    assert metrics.forces.rmse < 0.5 * test.forces.std()
    assert metrics.energy.rmse < 0.5 * test.energies.std()


def test_rotation(potential, tolerance, frames):
    turn = Rotation.random(rng=np.random.default_rng(5)).as_matrix()
    energies, forces = potential.predict(frames)
    assert_same(potential, tolerance, (energies, forces @ turn), potential.predict(frames @ turn))


def test_reflection(potential, tolerance, frames):
    mirror = np.diag([1.0, 1.0, -1.0])
    energies, forces = potential.predict(frames)
    assert_same(potential, tolerance, (energies, forces @ mirror), potential.predict(frames @ mirror))


def test_translation(potential, tolerance, frames):
    assert_same(
        potential, 5 * tolerance, potential.predict(frames), potential.predict(frames + np.array([1.0, -2.0, 3.0]))
    )


def test_equal_atoms_are_equal(potential, tolerance, frames):
    # The feasible permutation of methanol: turn the methyl group by a third.
    h = [i for i, z in enumerate(potential.numbers) if z == 1 and _bonded_to_carbon(frames, potential.numbers, i)]
    assert len(h) == 3
    order = np.arange(len(potential.numbers))
    order[h] = np.roll(h, 1)
    energies, forces = potential.predict(frames)
    assert_same(potential, tolerance, (energies, forces[:, order]), potential.predict(frames[:, order]))


def _bonded_to_carbon(frames, numbers, i):
    carbon = list(numbers).index(6)
    return np.linalg.norm(frames[:, i] - frames[:, carbon], axis=-1).mean() < 1.3


def test_forces_are_minus_the_gradient_of_the_energy(potential, frames):
    h = 1e-2 if potential.kind in NETWORKS else 1e-3
    one = frames[:1]
    _, forces = potential.predict(one)
    moved = np.repeat(one, 4 * one.size, axis=0).reshape(one.size, 4, *one.shape[1:])
    for k in range(one.size):
        for s, step in enumerate((-2, -1, 1, 2)):
            moved[k, s].reshape(-1)[k] += step * h
    e = potential.predict(moved.reshape(-1, *one.shape[1:]))[0].reshape(one.size, 4)
    slopes = (e @ np.array([1, -8, 8, -1])) / (12 * h)  # fourth order
    limit = 2e-3 if potential.kind in NETWORKS else 1e-6
    np.testing.assert_allclose(-slopes, forces.ravel(), rtol=0, atol=limit * np.abs(forces).max())


def test_no_net_force_or_torque(potential, tolerance, frames):
    _, forces = potential.predict(frames)
    size = np.abs(forces).max()
    assert np.abs(forces.sum(axis=1)).max() < 20 * tolerance * size
    assert np.abs(np.cross(frames, forces).sum(axis=1)).max() < 100 * tolerance * size


def test_batch_equals_one_by_one(potential, tolerance, frames):
    single = [potential.predict(frame[None]) for frame in frames]
    together = np.concatenate([e for e, _ in single]), np.concatenate([f for _, f in single])
    assert_same(potential, tolerance, potential.predict(frames), together)


def test_many_small_batches(potential, tolerance, toy, monkeypatch):
    positions = toy[2].positions
    whole = potential.predict(positions)
    monkeypatch.setattr(potential, "batch_size", 8)
    assert_same(potential, tolerance, whole, potential.predict(positions))


def test_no_frames(potential):
    energies, forces = potential.predict(np.empty((0, len(potential.numbers), 3)))
    assert energies.shape == (0,)
    assert forces.shape == (0, len(potential.numbers), 3)


def test_save_and_load(potential, frames, tmp_path):
    file = tmp_path / "model.safetensors"
    potential.save(file)
    loaded = load(file)
    assert type(loaded) is type(potential)
    assert loaded.provenance == potential.provenance
    for ours, theirs in zip(potential.predict(frames), loaded.predict(frames), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert [f.name for f in tmp_path.iterdir()] == ["model.safetensors"]


def test_units_of_the_file_do_not_matter(potential, toy, tolerance, frames):
    """The same data in Hartree and Bohr give the same force field, and its errors read in Hartree."""
    hartree, bohr = 27.211386245988, 0.529177210903

    def rewritten(data: Dataset) -> Dataset:
        return Dataset.of(
            data.numbers,
            data.positions / bohr,
            data.energies / hartree,
            data.forces / (hartree / bohr),
            "hartree,bohr",
        )

    train, valid, test = (rewritten(part) for part in toy)
    again = SETTINGS[potential.kind].fit(train, valid, seed=3)
    limit = 2e-2 if potential.kind in NETWORKS else 1e-6  # training amplifies float32 rounding
    assert_same(potential, limit, potential.predict(frames), again.predict(frames))
    in_ev, in_hartree = again.evaluate(test, "eV").forces, again.evaluate(test).forces
    assert in_hartree.unit == "hartree/bohr"
    assert in_hartree.rmse == pytest.approx(in_ev.rmse / (hartree / bohr), rel=1e-12)


def test_the_same_seed_gives_the_same_numbers(potential, toy, frames):
    train, valid, _ = toy
    again = SETTINGS[potential.kind].fit(train, valid, seed=3)
    for ours, theirs in zip(potential.predict(frames), again.predict(frames), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_learns_from_forces_alone(potential, toy):
    train, valid, test = (dataclasses.replace(d, energies=np.full(len(d), np.nan)) for d in toy)
    blind = SETTINGS[potential.kind].fit(train, valid, seed=3)
    metrics = blind.evaluate(toy[2])
    assert metrics.energy is None
    assert metrics.forces.rmse < 0.6 * test.forces.std()
    assert not blind.provenance.has_energies


def test_ase_calculator(potential, frames):
    from ase import Atoms

    atoms = Atoms(potential.numbers, frames[0], calculator=potential.calculator())
    energies, forces = potential.predict(frames[:1])
    assert atoms.get_potential_energy() == pytest.approx(energies[0], abs=1e-12)
    np.testing.assert_allclose(atoms.get_forces(), forces[0])


def test_short_repr(potential):
    assert repr(potential) == f"<{potential.name} force field of CH4O, trained on 50 frames of toy.xyz>"


def test_every_registered_model_is_tested():
    built_in = {kind for kind in MODELS if settings_class(kind).__module__.startswith("supple.")}
    assert built_in | {"difference"} == set(SETTINGS)
