"""The compiled loops are the network's formulas: energies, forces and the gradient that training needs."""

import copy

import numpy as np
import pytest
import torch
from toy import toy_dataset

from supple.models.neural.compiled.products import activate, add_product, add_product_of_transposed
from supple.models.neural.schnet.network import SchNetNetwork
from supple.runtime.threads import in_parts

NUMBERS = toy_dataset(1).numbers


def make(features=32, threads=2, cutoff=5.0, interactions=3, shared=False):
    torch.manual_seed(0)
    network = SchNetNetwork(
        NUMBERS,
        features=features,
        interactions=interactions,
        gaussians=25,
        cutoff=cutoff,
        knots=256,
        shared=shared,
    )
    for name, parameter in network.named_parameters():
        if "bias" in name:  # they begin as zeros, which would hide mistakes
            torch.nn.init.normal_(parameter)
    network.threads = threads
    return network


@torch.enable_grad()  # the toy differentiates its energy
def positions(frames=5):
    return torch.tensor(toy_dataset(frames).positions, dtype=torch.float32)


def outcome(network, frames):
    """Energies, forces, and the gradient of a function of both by every parameter."""
    draw = torch.Generator().manual_seed(1)
    by_energies, by_forces = torch.randn(frames, generator=draw), torch.randn(frames, 6, 3, generator=draw)
    network.zero_grad()
    energies, forces = network(positions(frames).to(network.embedding.dtype))
    ((energies * by_energies).sum() + (forces * by_forces).sum()).backward()
    return {"energies": energies, "forces": forces} | {
        name: parameter.grad.clone() for name, parameter in network.named_parameters()
    }


def in_double_precision(network):
    """The same, which makes it run by its formulas."""
    wide = copy.deepcopy(network).double()
    assert not wide.runs_compiled
    return wide


def assert_close(found, expected, tolerance=5e-5):
    for name, wide in expected.items():
        value = wide.float()
        torch.testing.assert_close(found[name], value, rtol=0, atol=tolerance * value.abs().max().item(), msg=name)


@pytest.mark.parametrize(
    ("frames", "features", "threads", "cutoff", "interactions", "shared"),
    [(5, 32, 2, 5.0, 3, False), (1, 32, 2, 5.0, 1, False), (7, 64, 3, 1.5, 2, False), (4, 96, 1, 9.0, 2, True)],
)
def test_loops_are_the_formulas(frames, features, threads, cutoff, interactions, shared):
    network = make(features, threads, cutoff, interactions, shared)
    assert network.runs_compiled
    assert_close(outcome(network, frames), outcome(in_double_precision(network), frames))


def test_without_whole_vectors_the_formulas_do_it():
    network = make(features=13)
    assert not network.runs_compiled
    energies, forces = network(positions())
    assert energies.isfinite().all()
    assert forces.isfinite().all()


def test_two_passes_may_overlap():
    network = make()
    first, second = network(positions(5)), network(positions(5) * 1.01)
    network.zero_grad()
    (second[1] ** 2).sum().backward()
    (first[1] ** 2).sum().backward()
    together = {name: parameter.grad.clone() for name, parameter in network.named_parameters()}
    network.zero_grad()
    for some in (positions(5), positions(5) * 1.01):
        (network(some)[1] ** 2).sum().backward()
    assert_close(together, {name: parameter.grad for name, parameter in network.named_parameters()})


def test_prediction_is_that_of_training():
    network = make()
    energies, forces = network(positions(90))
    network.eval()
    with torch.no_grad():
        for found, expected in zip(network(positions(90)), (energies, forces), strict=True):
            torch.testing.assert_close(found, expected.detach(), rtol=1e-5, atol=1e-5)


def test_the_same_bits_twice_and_to_rounding_on_other_numbers_of_threads():
    first, again = (outcome(network, 6) for network in (make(), make()))
    assert all(torch.equal(first[name], again[name]) for name in first)
    single = make(threads=1)
    assert_close(outcome(single, 6), first)


@torch.no_grad()
def test_new_weights_are_seen():
    network, other = make().eval(), make(interactions=3).eval()
    before = network(positions())[0]
    network.load_state_dict({name: 1.1 * value for name, value in other.state_dict().items()})
    after = network(positions())[0]
    assert not torch.allclose(before, after)
    torch.testing.assert_close(after, network.formulas(positions())[0], rtol=1e-5, atol=1e-5)


@torch.no_grad()
def test_geometries_with_nan_give_nan():
    some = positions(3)
    some[1, 2, 0] = torch.nan
    energies, forces = make()(some)
    assert energies.isnan().tolist() == [False, True, False]
    assert forces[1].isnan().all()
    assert forces[0].isfinite().all()


def test_where_positions_are_differentiated_the_formulas_do_it():
    some = positions(2).requires_grad_()
    energies, forces = make()(some)
    (gradient,) = torch.autograd.grad(energies.sum(), some)
    torch.testing.assert_close(forces, -gradient, rtol=1e-4, atol=5e-5)


@pytest.mark.parametrize(("rows", "terms", "columns"), [(1, 1, 32), (2, 33, 32), (7, 70, 96)])
def test_products(rows, terms, columns):
    draw = np.random.default_rng(0)
    left, right, out = (
        draw.normal(size=shape).astype(np.float32) for shape in ((rows, terms), (terms, columns), (rows, columns))
    )
    expected = out + left.astype(np.float64) @ right
    transposed = out.copy()
    add_product(out, left, right)
    add_product_of_transposed(transposed, left.T.copy(), right)
    np.testing.assert_allclose(out, expected, rtol=0, atol=1e-5)
    np.testing.assert_allclose(transposed, expected, rtol=0, atol=1e-5)


def test_activation_and_its_slope():
    x = np.concatenate([np.linspace(-100, 100, 4001), [0.0, -0.0, 1e-8, -1e-8]]).astype(np.float32)[None]
    activated, logistic = np.empty_like(x), np.empty_like(x)
    activate(x, activated, logistic)
    wide = x.astype(np.float64)
    np.testing.assert_allclose(activated, np.logaddexp(0, wide) - np.log(2), rtol=2e-7, atol=2e-7)
    np.testing.assert_allclose(logistic, np.exp(-np.logaddexp(0, -wide)), rtol=1e-6, atol=1e-30)


def test_parts_are_done_by_as_many_threads_and_mistakes_come_back():
    done = []
    in_parts(done.append, 3)
    assert sorted(done) == [0, 1, 2]

    def broken(part):
        if part == 1:
            raise ValueError("part 1")

    with pytest.raises(ValueError, match="part 1"):
        in_parts(broken, 2)
