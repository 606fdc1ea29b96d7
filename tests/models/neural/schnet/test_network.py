"""The network: filters on a grid, forces written out, nothing that jumps."""

import math

import numpy as np
import pytest
import torch
from toy import toy_dataset

from supple import SchNet
from supple.models.neural.schnet.network import SchNetNetwork, shifted_softplus
from supple.models.neural.schnet.radial_filters import RadialGrid

ARCHITECTURE = {"features": 16, "interactions": 3, "gaussians": 25, "cutoff": 5.0, "knots": 400}


@pytest.fixture
def network():
    torch.manual_seed(0)
    return SchNetNetwork(toy_dataset(1).numbers, **ARCHITECTURE)


@pytest.fixture
def positions():
    return torch.tensor(toy_dataset(5).positions)


def doubled(network):
    """The same network in float64, so that derivatives can be compared to rounding."""
    return network.double()


def exact_filters(network, distances):
    """Filters evaluated at each distance itself, as the paper has them: shape (..., interactions, features)."""
    centres = torch.linspace(0, 5.0, 25, dtype=distances.dtype)
    gaussians = torch.exp(-0.5 * ((distances[..., None] - centres) / (5.0 / 24)) ** 2)
    hidden = shifted_softplus(
        torch.einsum("...g,tgf->...tf", gaussians, network.filter_in) + network.filter_in_bias[:, 0]
    )
    values = torch.einsum("...tf,tfh->...th", hidden, network.filter_out) + network.filter_out_bias[:, 0]
    cut = 0.5 * (torch.cos(math.pi * distances / 5.0) + 1) * (distances < 5.0)
    return values * cut[..., None, None]


def interpolated_filters(network, distances):
    index, weights, slopes = network.grid.weights(distances)
    rows = network.filters()[index]  # (..., 4, T·F)
    shape = (*distances.shape, network.interactions, network.features)
    return (
        (rows * weights[..., None]).sum(-2).view(shape),
        (rows * slopes[..., None]).sum(-2).view(shape),
    )


def test_interpolation_is_as_good_as_evaluation(network):
    distances = torch.linspace(0.5, 4.99, 2000, dtype=torch.float64)
    exact = exact_filters(doubled(network), distances)
    interpolated, _ = interpolated_filters(network, distances)
    assert (interpolated - exact).abs().max() < 1e-5 * exact.abs().max()


def test_interpolation_error_falls_as_the_fourth_power_of_the_spacing():
    distances = torch.linspace(1.0, 4.0, 999, dtype=torch.float64)
    errors = []
    for knots in (64, 128):
        grid = RadialGrid(5.0, knots).double()
        index, weights, _ = grid.weights(distances)
        values = torch.sin(3 * grid.knots)[:, None]
        cut = 0.5 * (torch.cos(math.pi * distances / 5.0) + 1)
        found = (grid.coefficients(values)[index][..., 0] * weights).sum(-1)
        errors.append((found - torch.sin(3 * distances) * cut).abs().max().item())
    assert 12 < errors[0] / errors[1] < 20


def test_shared_interactions_are_equal_interactions(positions):
    shared, separate = (
        SchNetNetwork(toy_dataset(1).numbers, **ARCHITECTURE, shared=some).double() for some in (True, False)
    )
    separate.load_state_dict(shared.layers()._asdict())
    torch.testing.assert_close(shared(positions), separate(positions))
    numbers = [sum(parameter.numel() for parameter in network.parameters()) for network in (shared, separate)]
    assert 2 < numbers[1] / numbers[0] < 3


def test_without_a_cutoff_no_pair_is_left_out():
    frames = toy_dataset(20)
    farthest = np.linalg.norm(frames.positions[:, :, None] - frames.positions[:, None], axis=-1).max()
    found = SchNet(cutoff="none").architecture(frames)
    assert found["cutoff"] == pytest.approx(2 * farthest)
    assert found["gaussians"] == round(5 * found["cutoff"])
    assert found["knots"] == 16 * found["gaussians"]


def test_slopes_are_the_derivative(network):
    distances = torch.linspace(0.5, 5.2, 500, dtype=torch.float64, requires_grad=True)
    filters, slopes = interpolated_filters(doubled(network), distances)
    (found,) = torch.autograd.grad(filters.sum(), distances)
    torch.testing.assert_close(found, slopes.sum((-1, -2)))


def test_nothing_jumps_at_the_cutoff(network):
    at = torch.tensor([5.0 - 1e-9, 5.0 + 1e-9, 7.0], dtype=torch.float64)
    filters, slopes = interpolated_filters(doubled(network), at)
    assert filters.abs().max() < 1e-12
    assert slopes.abs().max() < 1e-7
    assert filters[2].abs().max() == slopes[2].abs().max() == 0


def published_energy(network, positions):
    """The equations of the paper with one filter evaluation per pair, term by term."""
    distances = (positions[:, :, None] - positions[:, None] + 1e-30).norm(dim=-1)
    filters = exact_filters(network, distances) * (1 - torch.eye(6, dtype=torch.float64))[..., None, None]
    x = network.embedding[network.z].expand(len(positions), -1, -1)
    for t in range(3):
        message = torch.einsum("bijf,bjf->bif", filters[..., t, :], x @ network.mix[t])
        hidden = shifted_softplus(message @ network.update_in[t] + network.update_in_bias[t])
        x = x + hidden @ network.update_out[t] + network.update_out_bias[t]
    hidden = shifted_softplus(x @ network.readout_in.T + network.readout_in_bias)
    return (hidden @ network.readout_out.T).sum((1, 2))


def test_energies_and_forces_are_those_of_the_published_network(network, positions):
    network, positions = doubled(network), positions.requires_grad_()
    expected = published_energy(network, positions)
    (gradient,) = torch.autograd.grad(expected.sum(), positions)
    energies, forces = network(positions.detach())
    assert (energies - expected).abs().max() < 1e-5 * (expected - expected.mean()).abs().max()
    assert (forces + gradient).abs().max() < 1e-5 * gradient.abs().max()


def test_forces_are_minus_the_gradient(network, positions):
    positions = positions.requires_grad_()
    energies, forces = doubled(network)(positions)
    (gradient,) = torch.autograd.grad(energies.sum(), positions)
    torch.testing.assert_close(forces, -gradient, rtol=1e-9, atol=1e-11)


def test_forces_are_differentiable_by_the_parameters(network, positions):
    """Training differentiates the forces once more: against finite differences, in every kind of parameter."""
    network = doubled(network)
    weights = torch.randn(5, 6, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))

    def loss():
        energies, forces = network(positions)
        return (forces * weights).sum() + energies.sum()

    network.zero_grad()
    loss().backward()
    for name, parameter in network.named_parameters():
        place = int(parameter.grad.abs().argmax())
        flat = parameter.data.view(-1)
        h, start = 1e-5, flat[place].item()
        values = []
        for step in (-h, h):
            flat[place] = start + step
            with torch.no_grad():
                values.append(loss().item())
        flat[place] = start
        slope = (values[1] - values[0]) / (2 * h)
        assert slope == pytest.approx(parameter.grad.view(-1)[place].item(), rel=1e-5), name


def test_all_equal_atoms_are_equal(network, positions):
    network = doubled(network)
    hydrogens = np.flatnonzero(toy_dataset(1).numbers == 1)
    order = np.arange(6)
    order[hydrogens] = hydrogens[::-1]
    energies, forces = network(positions)
    moved_energies, moved_forces = network(positions[:, order])
    torch.testing.assert_close(moved_energies, energies)
    torch.testing.assert_close(moved_forces, forces[:, order])
