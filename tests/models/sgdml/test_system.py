"""The kernel matrix, its solution and the prediction against the definition, written out naively."""

import math

import numpy as np
import pytest
import torch
from toy import toy_dataset

from supple.errors import ResourceError
from supple.models.kernel.cholesky import NotPositiveDefiniteError, Triangle
from supple.models.kernel.direct_fit import kernel_fit
from supple.models.kernel.problem import Problem
from supple.models.kernel.solver_cost import SolverCost
from supple.models.kernel.system import KernelFrames, assemble, internal_basis
from supple.models.sgdml.settings import SGDML
from supple.molecule.descriptors import InverseDistances
from supple.molecule.symmetry.permutations import find_permutations

SIGMA = 6.0


def quietly(done, total):
    """Progress of which nobody hears."""


@pytest.fixture(scope="module")
def data():
    return toy_dataset(6)


def kernel(x, y):
    q = math.sqrt(5) * (x - y).norm() / SIGMA
    return (1 + q + q**2 / 3) * torch.exp(-q)


def test_descriptor_jacobian_is_the_derivative(data):
    r = torch.tensor(data.positions)
    descriptor = InverseDistances(data.n_atoms)
    exact = torch.stack(
        [torch.autograd.functional.jacobian(lambda one: descriptor(one[None])[0], frame).flatten(1) for frame in r]
    )
    torch.testing.assert_close(descriptor.jacobian(r), exact)
    g = torch.randn(len(data), descriptor.size, dtype=torch.float64)
    torch.testing.assert_close(descriptor.linearise(r)[1](g).flatten(1), torch.einsum("bdc,bd->bc", exact, g))


def test_action_permutes_the_descriptor(data):
    descriptor = InverseDistances(data.n_atoms)
    permutations = torch.as_tensor(find_permutations(data.numbers, data.positions))
    assert len(permutations) == 6
    r = torch.tensor(data.positions)
    for permutation, action in zip(permutations, descriptor.action(permutations), strict=True):
        torch.testing.assert_close(descriptor(r[:, permutation]), descriptor(r)[:, action])


def test_internal_basis_has_no_rigid_motion(data):
    r = torch.tensor(data.positions)
    basis = internal_basis(r)
    assert basis.shape == (6, 18, 12)
    torch.testing.assert_close(basis.mT @ basis, torch.eye(12, dtype=torch.float64).expand(6, 12, 12))
    shift = torch.ones(6, 6, 1, dtype=torch.float64) * torch.tensor([0.0, 1.0, 0.0], dtype=torch.float64)
    assert torch.einsum("mcv,mc->mv", basis, shift.flatten(1)).abs().max() < 1e-12
    spin = torch.linalg.cross(torch.tensor([0.3, 0.1, -0.5], dtype=torch.float64).expand_as(r), r)
    assert torch.einsum("mcv,mc->mv", basis, spin.flatten(1)).abs().max() < 1e-12


def test_linear_molecules_have_one_mode_more():
    line = torch.tensor([[[0.0, 0, 0], [0, 0, 1.16], [0, 0, -1.16]]], dtype=torch.float64)
    assert internal_basis(line).shape == (1, 9, 4)


def test_matrix_is_the_second_derivative_of_the_kernel(data):
    permutations = find_permutations(data.numbers, data.positions)
    r = torch.tensor(data.positions[:3])
    frames = KernelFrames(r, permutations)
    descriptor = InverseDistances(data.n_atoms)
    matrix = assemble(frames, SIGMA, quietly).dense()
    v = frames.width

    def symmetric_kernel(a, b):
        return sum(kernel(descriptor(a[None])[0], descriptor(b[None, torch.as_tensor(p)])[0]) for p in permutations)

    for i in range(3):
        for j in range(i):  # a frame against itself has a kink at distance 0 that only limits resolve
            exact = torch.autograd.functional.hessian(symmetric_kernel, (r[i], r[j]))[0][1].reshape(18, 18)
            exact = frames.basis[i].T @ exact @ frames.basis[j]
            torch.testing.assert_close(matrix[i * v : (i + 1) * v, j * v : (j + 1) * v], exact)


def test_assembly_in_small_pieces_is_the_same(data, monkeypatch):
    frames = KernelFrames(torch.tensor(data.positions), find_permutations(data.numbers, data.positions))
    whole = assemble(frames, SIGMA, quietly).dense()
    monkeypatch.setattr("supple.models.kernel.system._WORK", 1)
    torch.testing.assert_close(assemble(frames, SIGMA, quietly).dense(), whole)


def test_solution_reproduces_the_training_forces(data):
    potential, lam = kernel_fit(Problem(data, find_permutations(data.numbers, data.positions)), SIGMA, 1e-12)
    assert lam == 1e-12
    _, forces = potential.predict(data.positions)
    np.testing.assert_allclose(forces, data.forces, atol=1e-6 * np.abs(data.forces).max())


def filled(matrix, block):
    """A triangle with the lower blocks of a square matrix."""
    n = len(matrix) // block
    triangle = Triangle(n, block)
    blocks = matrix.view(n, block, n, block).transpose(1, 2)
    for j in range(n):
        triangle.set_column(j, j, blocks[j:, j])
    return triangle


@pytest.mark.parametrize("width", [1, 8, 20, 1000])
def test_triangle_solves_what_the_square_does(monkeypatch, width):
    monkeypatch.setattr("supple.models.kernel.cholesky.WIDTH", width)
    generator = torch.Generator().manual_seed(0)
    a = torch.randn(44, 44, dtype=torch.float64, generator=generator)
    matrix = a @ a.T + torch.eye(44, dtype=torch.float64)
    rhs = torch.randn(44, dtype=torch.float64, generator=generator)
    triangle = filled(matrix, 4)
    torch.testing.assert_close(triangle.dense(), matrix.tril())
    triangle.factorise(0.1, quietly)
    shifted = matrix + 0.1 * torch.eye(44, dtype=torch.float64)
    torch.testing.assert_close(triangle.dense(), torch.linalg.cholesky(shifted))
    torch.testing.assert_close(triangle.solve(rhs), torch.linalg.solve(shifted, rhs))


def test_triangle_takes_half_of_the_square():
    triangle = Triangle(400, 12)
    stored = sum(strip.numel() for strip in triangle.strips) * 8
    assert stored < 0.6 * 8 * (400 * 12) ** 2
    assert stored < Triangle.n_bytes(400, 12) < 0.8 * 8 * (400 * 12) ** 2


def test_an_indefinite_matrix_is_said_to_be_so():
    with pytest.raises(NotPositiveDefiniteError):
        filled(-torch.eye(4, dtype=torch.float64), 2).factorise(1e-3, quietly)


def test_equal_frames_raise_lambda_with_a_note(data):
    twice = data.select([0, 0, 1, 2, 3])
    potential, lam = kernel_fit(Problem(twice, find_permutations(data.numbers, data.positions)), SIGMA, 1e-18)
    assert lam > 1e-18
    assert np.isfinite(potential.predict(data.positions)[1]).all()


def test_what_does_not_fit_is_refused(data, monkeypatch):
    monkeypatch.setattr("supple.models.kernel.solver_cost.available_memory", lambda: 100 * 1024**2)
    with pytest.raises(
        ResourceError, match=r"needs .* GiB of memory, but only 0.1 GiB are free: train on fewer frames"
    ):
        SGDML(sigma=SIGMA).fit(data.select(range(4)), data.select([4, 5]))


def test_cost_counts_the_matrix():
    cost = SolverCost.direct(1000, 24, 45, 4)
    assert cost.rows == 24_000
    assert 4 * 24_000**2 < cost.n_bytes < 1.3 * 4 * 24_000**2
    assert cost.flops > 24_000**3 / 3


def test_without_permutations_and_with_given_ones(data):
    train, valid = data.select(range(4)), data.select([4, 5])
    none = SGDML(sigma=SIGMA, permutations="none").fit(train, valid)
    given = SGDML(
        sigma=SIGMA, permutations=tuple(map(tuple, find_permutations(data.numbers, data.positions).tolist()))
    ).fit(train, valid)
    auto = SGDML(sigma=SIGMA).fit(train, valid)
    assert len(none.module.action) == 1
    np.testing.assert_allclose(given.predict(valid.positions)[1], auto.predict(valid.positions)[1])


def test_sigma_is_chosen_on_validation_frames():
    train, valid, _ = toy_dataset(80).split(train=30, valid=20)
    chosen = SGDML().fit(train, valid)
    sigma = chosen.provenance.settings["sigma"]
    assert 2 <= sigma <= 300
    assert any("sigma chosen on 30 frames" in note for note in chosen.provenance.notes)
    chosen_error = chosen.evaluate(valid).forces.rmse
    for other in (2.0, 20.0, 300.0):
        assert chosen_error <= 1.02 * SGDML(sigma=other).fit(train, valid).evaluate(valid).forces.rmse
