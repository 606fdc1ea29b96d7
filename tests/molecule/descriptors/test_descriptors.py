"""Descriptors: derivatives, permutations, what happens at 180°, and models with each of them."""

from unittest import mock

import numpy as np
import pytest
import torch
from toy import toy_dataset

from supple import SGDML, load, read
from supple.data.bundled import bundled_path
from supple.molecule.descriptors import InverseDistances
from supple.molecule.descriptors.compiled import compiled_entries, describe, descriptor_function, pull_back
from supple.molecule.descriptors.internal_coordinates import cosines, dihedral_terms
from supple.molecule.descriptors.registry import DESCRIPTORS, make_descriptor, restore_descriptor
from supple.molecule.symmetry.permutations import find_permutations

NAMES = DESCRIPTORS.names


@pytest.fixture(scope="module")
def data():
    return toy_dataset(40)


@pytest.fixture(params=NAMES)
def descriptor(request, data):
    return make_descriptor(request.param, data.numbers, data.positions, find_permutations(data.numbers, data.positions))


def test_derivatives(descriptor, data):
    r = torch.tensor(data.positions[:4])
    exact = torch.stack([torch.autograd.functional.jacobian(lambda a: descriptor(a[None])[0], one) for one in r])
    torch.testing.assert_close(descriptor.jacobian(r), exact.flatten(2))
    x, pull_back = descriptor.linearise(r)
    torch.testing.assert_close(x, descriptor(r))
    g = torch.randn_like(x)
    torch.testing.assert_close(pull_back(g), torch.einsum("bdna,bd->bna", exact, g))


def test_compiled_loops_do_the_same(descriptor, data):
    r = torch.tensor(data.positions[:4])
    entries = compiled_entries(descriptor)
    x, back = descriptor.linearise(r)
    g = torch.randn_like(x)
    for one, ours, by_x, theirs in zip(r.numpy(), x.numpy(), g.numpy(), back(g).numpy(), strict=True):
        described = describe(one, entries)
        np.testing.assert_allclose(described, ours, rtol=1e-12)
        np.testing.assert_allclose(pull_back(one, described, by_x, entries), theirs, rtol=1e-10, atol=1e-12)


def test_permutations_permute_the_entries(descriptor, data):
    permutations = torch.as_tensor(find_permutations(data.numbers, data.positions))
    assert len(permutations) == 6
    r = torch.tensor(data.positions)
    for permutation, action in zip(permutations, descriptor.action(permutations), strict=True):
        torch.testing.assert_close(descriptor(r[:, permutation]), descriptor(r)[:, action])


def test_moving_turning_and_mirroring_change_nothing(descriptor, data):
    r = torch.tensor(data.positions)
    turn = torch.linalg.qr(torch.randn(3, 3, dtype=torch.float64))[0]
    torch.testing.assert_close(descriptor(r @ turn.T + 3.0), descriptor(r))


def test_its_configuration_makes_it_again(descriptor, data):
    r = torch.tensor(data.positions)
    again = restore_descriptor(data.n_atoms, descriptor.configuration())
    torch.testing.assert_close(again(r), descriptor(r), rtol=0, atol=0)


def test_angles_and_dihedrals_are_those_of_geometry():
    angle, torsion = np.radians(105.0), np.radians(50.0)
    r = np.array([
        [np.sin(angle), 0, -np.cos(angle)], [0, 0, 0], [0, 0, 1.5],
        [0.9 * np.sin(angle) * np.cos(torsion), 0.9 * np.sin(angle) * np.sin(torsion), 1.5 + 0.9 * np.cos(angle)],
    ])  # fmt: skip
    r = torch.tensor(r)[None]
    assert cosines(r, torch.tensor([[0, 1, 2]])).item() == pytest.approx(-np.cos(angle))
    product = dihedral_terms(r, torch.tensor([[0, 1, 2, 3]])).item()
    assert product == pytest.approx(np.sin(angle) ** 2 * np.cos(torsion))


def test_straight_angles_are_smooth():
    """Through 180° the value, the gradient and the curvature change as little as elsewhere."""

    def chain(bend):
        zero, one = torch.zeros_like(bend), torch.ones_like(bend)
        last = torch.stack([bend.sin() + 0.3 * one, zero + 0.8, 1.0 + bend.cos()])
        return torch.stack([
            torch.stack([-bend.sin(), zero, -bend.cos()]), torch.zeros(3, dtype=bend.dtype),
            torch.stack([zero, zero, one]), last,
        ])[None]  # fmt: skip

    for function in (
        lambda b: cosines(chain(b), torch.tensor([[0, 1, 2]]))[0, 0],
        lambda b: dihedral_terms(chain(b), torch.tensor([[0, 1, 2, 3]]))[0, 0],
    ):
        bends = torch.linspace(-0.02, 0.02, 5, dtype=torch.float64)
        values = torch.stack([function(b) for b in bends])
        slopes = torch.stack([torch.func.grad(function)(b) for b in bends])
        assert torch.isfinite(slopes).all()
        assert (values.diff().abs() < 0.02).all()
        assert (slopes.diff().abs() < 0.05).all()


def test_reduced_is_smaller_and_says_nearly_the_same():
    data = read(bundled_path("azobenzene")).select(range(0, 1392, 7))
    permutations = find_permutations(data.numbers, data.positions)
    everything = make_descriptor("inverse-distances", data.numbers, data.positions, permutations)
    reduced = make_descriptor("reduced", data.numbers, data.positions, permutations)
    assert 3 * data.n_atoms - 6 <= reduced.size < everything.size / 2
    r = torch.tensor(data.positions)
    x, kept = (d(r) - d(r).mean(dim=0) for d in (everything, reduced))
    left = x - kept @ torch.linalg.lstsq(kept, x).solution
    assert float(left.var() / x.var()) < 0.05


@pytest.mark.parametrize("name", NAMES)
def test_a_model_with_it(name, tmp_path):
    train, valid, test = toy_dataset(120).split(train=60, valid=20)
    potential = SGDML(sigma=6.0, descriptor=name).fit(train, valid)
    assert potential.evaluate(test).forces.rmse < 0.2 * test.forces.std()
    potential.save(tmp_path / "model.safetensors")
    again = load(tmp_path / "model.safetensors")
    for ours, theirs in zip(potential.predict(test.positions), again.predict(test.positions), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    r, step = test.positions[:1], 1e-5
    for atom, axis in ((0, 0), (3, 2)):
        moved = np.repeat(r, 2, axis=0)
        moved[0, atom, axis] -= step
        moved[1, atom, axis] += step
        low, high = potential.predict(moved)[0]
        assert potential.predict(r)[1][0, atom, axis] == pytest.approx((low - high) / (2 * step), rel=1e-5, abs=1e-6)


def test_the_loops_describe_what_the_descriptor_does(descriptor, data):
    r = torch.tensor(data.positions[:5])
    np.testing.assert_allclose(
        descriptor_function(descriptor)(data.positions[:5]), descriptor(r), rtol=1e-12, atol=1e-14
    )


def test_a_descriptor_without_loops_describes_by_itself(data):
    class Squares(InverseDistances):
        def forward(self, positions):
            return super().forward(positions) ** 2

    with mock.patch("supple.molecule.descriptors.compiled.compiled_entries", return_value=None):
        described = descriptor_function(Squares(6))
    expected = descriptor_function(InverseDistances(6))(data.positions) ** 2
    np.testing.assert_allclose(described(data.positions), expected, rtol=1e-12)
