"""Energies and forces by the compiled loops are those of the formulas."""

import numpy as np
import pytest
import torch
from ase.build import molecule
from bespoke_networks import double, single
from toy import toy_dataset

from supple.molecule.symmetry.symmetry_classes import element_classes, symmetry_classes

TOY = toy_dataset(7)
CLASSES = symmetry_classes(TOY.numbers, TOY.positions)


def geometries(name, frames):
    """A molecule, and the same with its atoms displaced."""
    atoms = molecule(name)
    shifts = 0.05 * np.random.default_rng(0).standard_normal((frames, len(atoms), 3))
    shifts[0] = 0
    return atoms.numbers, torch.tensor(atoms.positions + shifts, dtype=torch.float32)


@torch.no_grad()
def assert_equal(network, positions, tolerance=3e-6):
    assert network.runs_compiled
    energies, forces = network(positions)
    expected, expected_forces = double(network)(positions.double())
    size = expected.abs().max() + expected_forces.abs().max()
    torch.testing.assert_close(energies.double(), expected, rtol=0, atol=tolerance * float(size))
    atol = tolerance * float(expected_forces.abs().max())
    torch.testing.assert_close(forces.double(), expected_forces, rtol=0, atol=atol)


@pytest.mark.parametrize(
    ("features", "layers", "radial", "cutoff", "threads", "frames"),
    [(32, 2, 6, 5.0, 2, 7), (16, 1, 3, 2.0, 1, 1), (48, 3, 9, 5.0, 3, 5), (64, 2, 8, 9.0, 2, 2)],
)
def test_loops_are_the_formulas(features, layers, radial, cutoff, threads, frames):
    network = single(TOY.numbers, CLASSES, features, layers, radial, cutoff, threads)
    assert_equal(network, torch.tensor(TOY.positions[:frames], dtype=torch.float32), 3e-6 * layers)


@pytest.mark.parametrize("name", ["H2O", "CO2", "C2H2", "C6H6", "isobutane", "LiH"])
def test_small_linear_and_planar_molecules(name):
    numbers, positions = geometries(name, 3)
    assert_equal(single(numbers, element_classes(numbers)), positions)


def test_thirty_atoms_each_a_class_of_its_own():
    draw = np.random.default_rng(1)
    places = np.stack(np.meshgrid(range(5), range(3), range(2)), -1).reshape(-1, 3) * 1.6
    positions = torch.tensor(places + 0.2 * draw.standard_normal((2, 30, 3)), dtype=torch.float32)
    assert_equal(single(np.full(30, 6), draw.permutation(30).tolist(), features=16), positions)


@torch.no_grad()
def test_a_batch_is_its_geometries_one_by_one():
    network = single(TOY.numbers, CLASSES)
    positions = torch.tensor(TOY.positions, dtype=torch.float32).repeat(6, 1, 1)
    energies, forces = network(positions)
    for k in (0, 11, 41):
        energy, force = network(positions[k : k + 1])
        torch.testing.assert_close(energies[k], energy[0], rtol=1e-6, atol=1e-6)
        torch.testing.assert_close(forces[k], force[0], rtol=1e-6, atol=2e-6)


@torch.no_grad()
def test_any_number_of_threads():
    positions = torch.tensor(TOY.positions, dtype=torch.float32)
    of_one = single(TOY.numbers, CLASSES, threads=1)(positions)
    for threads in (2, 7):
        for found, expected in zip(single(TOY.numbers, CLASSES, threads=threads)(positions), of_one, strict=True):
            torch.testing.assert_close(found, expected, rtol=1e-6, atol=2e-6)


@torch.no_grad()
def test_new_weights_are_seen():
    network = single(TOY.numbers, CLASSES)
    positions = torch.tensor(TOY.positions, dtype=torch.float32)
    before = network(positions)[0]
    network.load_state_dict({name: 1.05 * value for name, value in network.state_dict().items()})
    assert not torch.allclose(network(positions)[0], before)
    assert_equal(network, positions)


@torch.no_grad()
def test_geometries_with_nan_give_nan():
    positions = torch.tensor(TOY.positions[:3], dtype=torch.float32)
    positions[1, 2, 0] = torch.nan
    energies, forces = single(TOY.numbers, CLASSES)(positions)
    assert energies.isnan().tolist() == [False, True, False]
    assert forces[1].isnan().all()
    assert forces[[0, 2]].isfinite().all()


def test_where_something_is_differentiated_the_formulas_do_it():
    network = single(TOY.numbers, CLASSES)
    positions = torch.tensor(TOY.positions[:2], dtype=torch.float32, requires_grad=True)
    energies, forces = network(positions)
    (gradient,) = torch.autograd.grad(energies.sum(), positions)
    torch.testing.assert_close(forces, -gradient, rtol=1e-3, atol=1e-4 * float(forces.detach().abs().max()))


def test_without_whole_vectors_the_formulas_do_it():
    assert not single(TOY.numbers, CLASSES, features=24).runs_compiled
