"""The network: its equations, its symmetries, forces written out, nothing that jumps."""

import math

import numpy as np
import pytest
import torch
from ase.build import molecule
from torch.nn.functional import silu
from toy import toy_dataset

from supple.models.neural.bespoke.harmonics import COMPONENTS, DEGREES, block, couplings, paths
from supple.models.neural.bespoke.network import BespokeNetwork
from supple.molecule.symmetry.symmetry_classes import element_classes, symmetry_classes

TOY = toy_dataset(4)
CLASSES = symmetry_classes(TOY.numbers, TOY.positions)


def network_of(numbers, classes, layers=2, cutoff=5.0, features=8):
    """A network whose weights and constants are in float64, with different weights for each class."""
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    try:
        made = BespokeNetwork(numbers, classes, features, layers, 6, cutoff)
    finally:
        torch.set_default_dtype(torch.float32)
    with torch.no_grad():
        for weights in made.parameters():
            weights.add_(0.1 * torch.randn_like(weights))
    return made


@pytest.fixture(params=[1, 2, 3])
def network(request):
    return network_of(TOY.numbers, CLASSES, request.param)


@pytest.fixture
def positions():
    return torch.tensor(TOY.positions)


def harmonics(u):
    """Y_c of unit vectors, shape (..., 9)."""
    x, y, z = u.unbind(-1)
    first = [math.sqrt(3) * v for v in (y, z, x)]
    second = [x * y, y * z, (3 * z**2 - 1) / math.sqrt(12), x * z, (x**2 - y**2) / 2]
    return torch.stack([torch.ones_like(x), *first, *(math.sqrt(15) * v for v in second)], dim=-1)


def product(weights, x, y, highest):
    """Σ_paths w ∘ (x ⊗ y) of an atom; weights (P, F), x and y (9, F)."""
    out = torch.zeros((highest + 1) ** 2, x.shape[1], dtype=x.dtype)
    for number, path in enumerate(paths(highest)):
        coefficients = torch.tensor(couplings(path))
        coupled = torch.einsum("abc,af,bf->cf", coefficients, x[block(path.left)], y[block(path.right)])
        out[block(path.to)] += weights[number] * coupled
    return out


def written_out(network, classes, positions, cutoff):
    """The energy of one geometry, by the equations of network.py, an atom after the other."""
    n, f = len(positions), network.features
    x = [network.embedding[t].expand(1, f) for t in classes]
    for layer in network.layers:
        n_in, n_out, highest = layer.n_in, layer.n_out, 0 if layer.n_out == 1 else 2
        h = [torch.stack([x[i][c] @ layer.mix[DEGREES[c], classes[i]] for c in range(n_in)]) for i in range(n)]
        new = []
        for i, t in enumerate(classes):
            a = torch.zeros(COMPONENTS, f, dtype=positions.dtype)
            for j in range(n):
                vector = positions[j] - positions[i]
                if i == j or (r := vector.norm()) >= cutoff:
                    continue
                k = torch.arange(1.0, layer.radial_scalar.shape[1] + 1, dtype=torch.float64) * math.pi / cutoff
                radial = 1.5 * (k * r).sin() / r * 0.5 * ((math.pi * r / cutoff).cos() + 1)
                y = harmonics(vector / r)
                for c, degree in enumerate(DEGREES):
                    a[c] += 0.4 * (radial @ layer.radial_scalar[degree]) * y[c] * h[j][0]
                    if n_in > 1:
                        a[c] += 0.4 * (radial @ layer.radial_tensor[degree]) * h[j][c]
            u, v = (
                torch.stack([a[c] @ w[degree, t] for c, degree in enumerate(DEGREES)])
                for w in (layer.left, layer.right)
            )
            p = product(layer.second_weights[t], u, v, 2)
            s = (u + p)[:n_out] + product(layer.third_weights[t], p, u, highest)
            m = torch.stack([s[c] @ layer.out[DEGREES[c], t] for c in range(n_out)])
            z = x[i][0] @ layer.gate_state[0, t] + m[0] @ layer.gate_message[0, t] + layer.gate_bias[t, 0]
            g = [silu(z) @ layer.gate_out[d, t] + layer.gate_out_bias[d, t, 0] for d in range(highest + 1)]
            before = [x[i][c] if c < n_in else 0.0 for c in range(n_out)]
            new.append(torch.stack([before[c] + g[DEGREES[c]] * (m[c] if c else 1.0) for c in range(n_out)]))
        x = new
    energy = 0.0
    for i, t in enumerate(classes):
        hidden = silu(x[i][0] @ network.readout_in[0, t] + network.readout_in_bias[t, 0])
        energy = energy + (hidden @ network.readout_out[t] + network.readout_out_bias[t, 0])[0]
    return energy


def test_equations(network, positions):
    with torch.no_grad():
        energies, _ = network(positions)
        expected = [float(written_out(network, CLASSES, geometry, 5.0)) for geometry in positions]
    np.testing.assert_allclose(energies, expected, rtol=1e-11)


def test_forces_are_the_derivative(network, positions):
    positions.requires_grad_()
    energies, forces = network(positions)
    (gradient,) = torch.autograd.grad(energies.sum(), positions)
    torch.testing.assert_close(forces, -gradient, rtol=0, atol=1e-12 * float(forces.detach().abs().max()))


def test_forces_are_finite_differences(positions):
    made, h = network_of(TOY.numbers, CLASSES), 1e-4
    with torch.no_grad():
        _, forces = made(positions[:1])
        moved = positions[0] + h * torch.eye(positions[0].numel(), dtype=torch.float64).view(-1, *positions[0].shape)
        back = 2 * positions[0] - moved
        slopes = (made(moved)[0] - made(back)[0]) / (2 * h)
    torch.testing.assert_close(forces.flatten(), -slopes, rtol=0, atol=1e-7 * float(forces.detach().abs().max()))


def test_turned_and_reflected(network, positions):
    turn = torch.linalg.qr(torch.randn(3, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1)))[0]
    with torch.no_grad():
        for matrix in (turn, -turn):
            energies, forces = network(positions)
            moved_energies, moved_forces = network(positions @ matrix)
            torch.testing.assert_close(moved_energies, energies, rtol=1e-10, atol=1e-10)
            torch.testing.assert_close(moved_forces, forces @ matrix, rtol=1e-10, atol=1e-10)


def test_atoms_of_a_class_are_equal(network, positions):
    (hydrogens,) = ([i for i, t in enumerate(CLASSES) if t == c] for c in set(CLASSES) if CLASSES.count(c) == 3)
    order = list(range(len(CLASSES)))
    for i, j in zip(hydrogens, hydrogens[1:] + hydrogens[:1], strict=True):
        order[i] = j
    with torch.no_grad():
        (energies, forces), (same_energies, same_forces) = network(positions), network(positions[:, order])
    torch.testing.assert_close(same_energies, energies, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(same_forces, forces[:, order], rtol=1e-11, atol=1e-11)


def test_classes_have_weights_of_their_own(positions):
    made = network_of(TOY.numbers, CLASSES)
    hydroxyl = next(i for i, t in enumerate(CLASSES) if TOY.numbers[i] == 1 and CLASSES.count(t) == 1)
    methyl = next(i for i, t in enumerate(CLASSES) if CLASSES.count(t) == 3)
    order = list(range(len(CLASSES)))
    order[hydroxyl], order[methyl] = methyl, hydroxyl
    with torch.no_grad():
        assert (made(positions[:, order])[0] - made(positions)[0]).abs().min() > 1e-3


@pytest.mark.parametrize("name", ["H2O", "CO2", "C2H2", "C6H6", "LiH"])
def test_small_linear_and_planar_molecules(name):
    atoms = molecule(name)
    made = network_of(atoms.numbers, element_classes(atoms.numbers), features=16)
    shifts = 0.05 * np.random.default_rng(0).standard_normal((3, len(atoms), 3))
    positions = torch.tensor(np.concatenate([atoms.positions[None], atoms.positions + shifts])).requires_grad_()
    energies, forces = made(positions)
    (gradient,) = torch.autograd.grad(energies.sum(), positions)
    assert energies.isfinite().all()
    torch.testing.assert_close(forces, -gradient, rtol=0, atol=1e-12 * float(forces.detach().abs().max()))
    torch.testing.assert_close(forces.sum(1), torch.zeros(4, 3, dtype=torch.float64), rtol=0, atol=1e-10)


def test_nothing_jumps_at_the_cutoff():
    made = network_of(np.array([8, 1, 1]), [0, 1, 1], cutoff=3.0)
    geometry = torch.tensor([[0.0, 0.0, 0.0], [0.9, 0.3, 0.0], [0.0, 0.0, 0.0]], dtype=torch.float64)

    def at(distance):
        placed = geometry.clone()
        placed[2, 2] = distance
        with torch.no_grad():
            energies, forces = made(placed[None])
        return float(energies), forces

    d = 1e-5
    (before, pull_before), (at_cutoff, _), (after, pull_after) = at(3.0 - d), at(3.0), at(3.0 + d)
    assert abs(before - at_cutoff) < 1e-9
    assert abs(after - at_cutoff) < 1e-9
    assert float((pull_before - pull_after).abs().max()) < 1e-6
    assert float(at(4.0)[1][0, 2].abs().max()) == 0.0


def test_every_weight_counts(positions):
    made = network_of(TOY.numbers, CLASSES)
    energies, forces = made(positions)
    (energies.sum() + (forces**2).sum()).backward()
    assert all(weights.grad.abs().max() > 0 for weights in made.parameters())


@pytest.mark.parametrize("layers", [2, 3, 5])
def test_forces_of_random_weights_are_of_order_one_whatever_the_depth(layers):
    positions = torch.tensor(TOY.positions, dtype=torch.float32)
    for seed in range(5):
        torch.manual_seed(seed)
        network = BespokeNetwork(TOY.numbers, CLASSES, 32, layers, 8, 5.0)
        network.compiled = False
        with torch.no_grad():
            _, forces = network(positions)
        assert 0.02 < forces.square().mean().sqrt() < 10
