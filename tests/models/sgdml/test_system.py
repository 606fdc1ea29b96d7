"""The kernel matrix, its solution and the prediction against the definition, written out naively."""

import numpy as np
import pytest
import torch
from toy import toy_dataset
from written_out_kernel import FUNCTIONS, WrittenOut, pairs_within, symmetric_weights

from supple.errors import ResourceError
from supple.models.kernel.cholesky import NotPositiveDefiniteError, Triangle
from supple.models.kernel.compiled_matrix import CompiledBlocks
from supple.models.kernel.direct_fit import kernel_fit
from supple.models.kernel.matern import MATERN_5_2
from supple.models.kernel.matrix import KernelMatrix
from supple.models.kernel.matrix_formulas import Formulas
from supple.models.kernel.molecular_kernel import MolecularKernel, TermParts
from supple.models.kernel.operator import KernelOperator
from supple.models.kernel.problem import Problem
from supple.models.kernel.solver_cost import ProblemSize, SolverCost
from supple.models.kernel.system import KernelFrames, internal_basis
from supple.models.sgdml.settings import SGDML
from supple.molecule.descriptors import InverseDistances
from supple.molecule.symmetry.permutations import find_permutations

SIGMA = 6.0


def quietly(done, total):
    """Progress of which nobody hears."""


@pytest.fixture(scope="module")
def data():
    return toy_dataset(6)


def kernels(action):
    """Of one length scale; and with a metric, of the whole molecule and of two environments, of which one has several images."""
    n_atoms, metric = 6, symmetric_weights(action, 2)
    methyl, near_a_hydrogen = pairs_within(n_atoms, [0, 2, 4, 5]), pairs_within(n_atoms, [0, 1, 2])
    parts = [TermParts(0.5), TermParts(1.1, 1, methyl), TermParts(0.3, 0, near_a_hydrogen)]
    uniform = torch.full((1, action.shape[1]), 1 / SIGMA, dtype=torch.float64)
    return [
        WrittenOut(function, weights, some, action)
        for function in FUNCTIONS
        for weights, some in ((uniform, [TermParts(1.0)]), (metric, parts))
    ]


def matrix_of(frames, terms):
    lower = KernelMatrix(frames, terms).lower_triangle(quietly).dense()
    return lower + lower.tril(-1).T


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


def covariance(written_out, frames, positions):
    """K by automatic differentiation of the kernel: rows of frame i, its modes and its energy, by those of frame j."""
    n = len(positions)

    def between(a, b):
        x, y = (frames.descriptor(one[None])[0] for one in (a, b))
        return written_out(x, y)

    rows = []
    for i in range(n):
        row = []
        for j in range(n):
            r = positions[i], positions[j]
            mixed = torch.autograd.functional.hessian(between, r)[0][1].reshape(18, 18)
            block = frames.basis[i].T @ mixed @ frames.basis[j]
            if frames.amplitude is not None:  # forces are minus the gradients
                s_i, s_j = frames.amplitude[i], frames.amplitude[j]
                by_i, by_j = (one.flatten() for one in torch.autograd.functional.jacobian(between, r))
                with_energy_j = -s_j * frames.basis[i].T @ by_i
                with_energy_i = torch.cat([-s_i * frames.basis[j].T @ by_j, s_i * s_j * between(*r)[None]])
                block = torch.cat([torch.cat([block, with_energy_j[:, None]], 1), with_energy_i[None]])
            row.append(block)
        rows.append(torch.cat(row, 1))
    return torch.cat(rows)


@pytest.mark.parametrize("amplitude", [None, [2.0, 0.0, 0.7]], ids=["forces", "energies of two of three"])
@pytest.mark.parametrize("which", range(4), ids=["5/2", "5/2, metric", "7/2", "7/2, metric"])
def test_the_matrix_is_the_covariance_of_energies_and_forces(data, which, amplitude):
    """By columns, as a lower triangle, and as an operator: derivatives of one kernel."""
    r = torch.tensor(data.positions[:3])
    amplitude = None if amplitude is None else torch.tensor(amplitude, dtype=torch.float64)
    frames = KernelFrames(r, find_permutations(data.numbers, data.positions), amplitude=amplitude)
    written_out = kernels(frames.action)[which]
    terms = written_out.kernel().terms
    exact, n, width = covariance(written_out, frames, r), len(r), frames.width
    size = float(exact.abs().max())
    torch.testing.assert_close(matrix_of(frames, terms), exact, rtol=1e-9, atol=1e-12 * size)
    columns = KernelMatrix(frames, terms).columns({j: slice(None) for j in range(n)}, slice(0, n)).flatten(0, 1)
    torch.testing.assert_close(columns, exact, rtol=1e-9, atol=1e-12 * size)
    vectors = torch.eye(n * width, dtype=torch.float64)
    applied = torch.stack([KernelOperator(frames, terms)(vector) for vector in vectors]).T
    torch.testing.assert_close(applied, exact, rtol=1e-8, atol=1e-11 * size)


def test_some_columns_in_some_rows(data):
    """In the order in which they are asked for, with as many modes of each frame as are wanted."""
    amplitude = torch.full((6,), 2.0, dtype=torch.float64)
    frames = KernelFrames(
        torch.tensor(data.positions), find_permutations(data.numbers, data.positions), None, amplitude
    )
    terms, width = kernels(frames.action)[3].kernel().terms, frames.width
    whole = matrix_of(frames, terms)
    chosen = {4: torch.tensor([3, width - 1]), 0: slice(None), 2: torch.tensor([1]), 5: torch.tensor([0, 7])}
    places = [4 * width + 3, 5 * width - 1, *range(width), 2 * width + 1, 5 * width, 5 * width + 7]
    part = KernelMatrix(frames, terms).columns(chosen, slice(1, 4)).flatten(0, 1)
    torch.testing.assert_close(
        part, whole[width : 4 * width, places], rtol=1e-10, atol=1e-12 * float(whole.abs().max())
    )


@pytest.mark.parametrize("energies", [False, True])
@pytest.mark.parametrize("which", range(4), ids=["5/2", "5/2, metric", "7/2", "7/2, metric"])
def test_formulas_and_loops_fill_in_the_same(data, monkeypatch, which, energies):
    """Whole columns and some of them, in small pieces and at once, into a part of a larger array."""
    amplitude = torch.tensor([1.0, 0, 2, 0.5, 1, 1], dtype=torch.float64) if energies else None
    frames = KernelFrames(
        torch.tensor(data.positions), find_permutations(data.numbers, data.positions), None, amplitude
    )
    terms, width = kernels(frames.action)[which].kernel().terms, frames.width
    by_loops, by_formulas = CompiledBlocks(frames, terms), Formulas(frames, terms)
    generator = torch.Generator().manual_seed(0)
    for n_modes in (1, 5, width):
        modes = torch.stack([torch.randperm(width, generator=generator)[:n_modes] for _ in range(3)])
        arrays = torch.zeros(3, 4 * width, 3 * n_modes + 7, dtype=torch.float64)
        for work, blocks, out in zip((1, 100_000, 1), (by_loops, by_loops, by_formulas), arrays, strict=True):
            monkeypatch.setattr("supple.models.kernel.matrix_formulas._WORK", work)
            monkeypatch.setattr("supple.models.kernel.compiled_matrix._WORK", work)
            blocks.fill(out[:, 4 : 4 + 3 * n_modes], torch.tensor([5, 0, 2]), modes, slice(1, 5))
            assert not out[:, :4].any() and not out[:, 4 + 3 * n_modes :].any()
        size = float(arrays[2].abs().max())
        assert size > 0
        torch.testing.assert_close(arrays[0], arrays[1], rtol=0, atol=0)
        torch.testing.assert_close(arrays[0], arrays[2], rtol=1e-10, atol=1e-12 * size)


def test_some_of_the_frames_are_those(data):
    permutations = find_permutations(data.numbers, data.positions)
    amplitude = torch.arange(6, dtype=torch.float64)
    frames = KernelFrames(torch.tensor(data.positions), permutations, None, amplitude)
    terms, width = kernels(frames.action)[1].kernel().terms, frames.width
    whole = matrix_of(frames, terms).view(6, width, 6, width)
    chosen = np.array([4, 1, 2])
    part = matrix_of(frames.select(chosen), terms).view(3, width, 3, width)
    torch.testing.assert_close(part, whole[chosen][:, :, chosen], rtol=1e-10, atol=1e-12 * float(whole.abs().max()))


def uniform_fit(problem, lam):
    return kernel_fit(problem, MolecularKernel.uniform(SIGMA, problem.frames.action), lam)


@pytest.mark.parametrize("weight", [None, 3.0])
@pytest.mark.parametrize("which", range(4), ids=["5/2", "5/2, metric", "7/2", "7/2, metric"])
def test_predictions_are_derivatives_of_the_kernel(data, which, weight):
    """E = Σ_j (Q_j β_j)·∂k/∂R_j and w_j k, written out, and F = -∂E/∂R, from the solution; by operations and by the compiled loop."""
    part = data.select(range(4))
    problem = Problem(part, find_permutations(data.numbers, data.positions), weight)
    frames, written_out = problem.frames, kernels(problem.frames.action)[which]
    solution = torch.randn(len(problem.rhs), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    potential = problem.potential(written_out.kernel(), solution)
    by_frame = solution.view(4, -1)
    beta, omega = (by_frame, torch.zeros(4)) if weight is None else (by_frame[:, :-1], weight * by_frame[:, -1])
    moves = torch.einsum("mcv,mv->mc", frames.basis, beta)
    r_train = torch.tensor(part.positions)
    v = -torch.einsum("mdc,mc->md", frames.descriptor.jacobian(r_train), moves)
    r = torch.tensor(toy_dataset(2, seed=4).positions, requires_grad=True)
    expected = problem.scale * written_out.energies(frames.descriptor(r), frames.descriptor(r_train), v, omega)
    (gradient,) = torch.autograd.grad(expected.sum(), r)
    r = r.detach()
    for e, f in (potential.energy_and_forces(r), potential.module(r), potential.operations()(r)):
        torch.testing.assert_close(e, expected.detach(), rtol=1e-9, atol=1e-9)
        torch.testing.assert_close(f, -gradient, rtol=1e-9, atol=1e-9)


def test_solution_reproduces_the_training_forces(data):
    potential, lam = uniform_fit(Problem(data, find_permutations(data.numbers, data.positions)), 1e-12)
    assert lam == 1e-12
    _, forces = potential.predict(data.positions)
    np.testing.assert_allclose(forces, data.forces, atol=1e-6 * np.abs(data.forces).max())


def filled(matrix, block):
    """A triangle with the lower blocks of a square matrix."""
    triangle = Triangle(len(matrix) // block, block)
    for first, strip in zip(triangle.starts, triangle.strips, strict=True):
        strip.copy_(matrix[first * block :, first * block : first * block + strip.shape[1]])
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
    potential, lam = uniform_fit(Problem(twice, find_permutations(data.numbers, data.positions)), 1e-18)
    assert lam > 1e-18
    assert np.isfinite(potential.predict(data.positions)[1]).all()


def test_what_does_not_fit_is_refused(data, monkeypatch):
    monkeypatch.setattr("supple.models.kernel.solver_cost.free_memory", lambda device: 100 * 1024**2)
    with pytest.raises(
        ResourceError, match=r"needs .* GiB of memory, but only 0.1 GiB are free: train on fewer frames"
    ):
        SGDML(sigma=SIGMA).fit(data.select(range(4)), data.select([4, 5]))


def test_cost_counts_the_matrix():
    action = torch.arange(45).expand(4, -1)
    size = ProblemSize(1000, 24, 45, MolecularKernel.uniform(SIGMA, action).terms)
    cost = SolverCost.direct(size)
    assert cost.rows == 25_000  # with energies
    assert 4 * 25_000**2 < cost.n_bytes < 1.3 * 4 * 25_000**2
    assert cost.flops > 25_000**3 / 3


def test_cost_counts_the_pairs_of_environments(data):
    """E² times d of each term, times the local permutations."""
    action = InverseDistances(6).action(torch.as_tensor(find_permutations(data.numbers, data.positions)))
    weights = symmetric_weights(action)
    parts = [TermParts(1.0, 0, pairs_within(6, [0, 1, 2])), TermParts(1.0, 0, pairs_within(6, [0, 2, 4, 5]))]
    sizes = [
        ProblemSize(50, 12, 15, MolecularKernel(MATERN_5_2, weights, some, action).terms) for some in (parts, parts[:1])
    ]
    assert [size.pair_entries for size in sizes] == [3 * 3 * 3 + 6 * 6, 3 * 3 * 3]
    for cost in (SolverCost.direct, SolverCost.iterative):
        assert cost(sizes[0]).flops > cost(sizes[1]).flops


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
    chosen = SGDML(metric="uniform").fit(train, valid)
    sigma = chosen.provenance.settings["sigma"]
    assert 2 <= sigma <= 300
    assert any("sigma chosen on 30 frames" in note for note in chosen.provenance.notes)
    chosen_error = chosen.evaluate(valid).forces.rmse
    for other in (2.0, 20.0, 300.0):
        assert chosen_error <= 1.02 * SGDML(sigma=other).fit(train, valid).evaluate(valid).forces.rmse
