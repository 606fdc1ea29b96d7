"""The iterative solution: its operator is the matrix, its preconditioner is near the inverse, its end is the solution."""

import signal

import numpy as np
import pytest
import torch
from toy import toy_dataset
from written_out_kernel import WrittenOut, pairs_within, symmetric_weights

from supple import SGDML, Dataset
from supple.errors import ModelFileError, ResourceError
from supple.models.kernel.conjugate_gradients import State, conjugate_gradients
from supple.models.kernel.matrix import KernelMatrix
from supple.models.kernel.molecular_kernel import MolecularKernel, TermParts
from supple.models.kernel.operator import KernelOperator
from supple.models.kernel.preconditioner import Preconditioner, _choose_columns
from supple.models.kernel.problem import Problem
from supple.models.kernel.solver import solve_directly, solve_iteratively
from supple.models.kernel.solver_cost import ProblemSize, SolverCost, choose_solver
from supple.models.kernel.system import KernelFrames
from supple.molecule.symmetry.permutations import find_permutations
from supple.runtime.run_directory import RunDirectory
from supple.runtime.signals import Interrupted, interruptible

SIGMA, LAM = 8.0, 1e-10


def frames_of(data, amplitude=None):
    permutations = find_permutations(data.numbers, data.positions)
    return KernelFrames(torch.tensor(data.positions), permutations, None, amplitude)


def metric(action):
    """Of the whole molecule, and of the environments of the methyl group's hydrogens."""
    parts = [TermParts(0.5), TermParts(1.0, 1, pairs_within(6, [0, 1, 2]))]
    return WrittenOut("matern-7/2", symmetric_weights(action, 2, low=0.1, high=0.4), parts, action).kernel()


def dense(frames, terms):
    lower = KernelMatrix(frames, terms).lower_triangle(lambda done, total: None).dense()
    return lower + lower.tril(-1).T


#: Without energies; and with energies of all frames but three, and two terms.
@pytest.fixture(scope="module", params=["forces", "energies and a metric"])
def system(request):
    """Frames, terms of a kernel, and the matrix."""
    data = toy_dataset(40)
    amplitude = None
    if request.param != "forces":
        amplitude = torch.full((40,), 2.0, dtype=torch.float64)
        amplitude[[3, 17, 18]] = 0
    frames = frames_of(data, amplitude)
    kernel = MolecularKernel.uniform(SIGMA, frames.action) if amplitude is None else metric(frames.action)
    return frames, kernel.terms, dense(frames, kernel.terms)


def test_the_operator_is_the_matrix(system):
    frames, terms, matrix = system
    x = torch.randn(len(matrix), dtype=torch.float64)
    torch.testing.assert_close(KernelOperator(frames, terms)(x), matrix @ x, rtol=1e-11, atol=1e-11)


def test_the_operator_does_rows_apart(system):
    frames, terms, matrix = system
    x = torch.randn(len(matrix), dtype=torch.float64)
    v = frames.width
    part = KernelOperator(frames, terms, rows=range(7, 19))(x)
    torch.testing.assert_close(part, (matrix @ x)[7 * v : 19 * v], rtol=1e-11, atol=1e-11)


def test_the_preconditioner_is_symmetric_and_positive(system):
    frames, terms, matrix = system
    inverse = Preconditioner(frames, terms, LAM, 100)
    dense = torch.stack([inverse(e) for e in torch.eye(len(matrix), dtype=torch.float64)])
    torch.testing.assert_close(dense, dense.T, rtol=1e-6, atol=1e-6 * float(dense.abs().max()))
    assert float(torch.linalg.eigvalsh((dense + dense.T) / 2).min()) > 0


def test_the_preconditioner_gathers_the_eigenvalues(system):
    """Of P⁻¹ K: all near 1, over a few decades instead of ten."""
    frames, terms, matrix = system
    # Energies that are not known are rows of zeros, which λ alone determines.
    known = torch.ones(len(frames), frames.width, dtype=torch.bool)
    if frames.amplitude is not None:
        known[:, -1] = frames.amplitude > 0
    known = known.flatten()

    def decades(apply):
        product = torch.stack([apply(column) for column in (matrix + LAM * torch.eye(len(matrix))).T])
        values = torch.linalg.eigvals(product[known][:, known]).real
        return float(torch.log10(torch.quantile(values, 0.99) / torch.quantile(values, 0.01)))

    assert decades(Preconditioner(frames, terms, LAM, 200)) < decades(lambda x: x) - 4


def test_the_preconditioner_has_energies_exactly():
    """P⁻¹ takes their columns of K + λI to unit vectors, with a λ that is well above what is added against rounding."""
    amplitude = torch.full((20,), 2.0, dtype=torch.float64)
    amplitude[[3, 17, 18]] = 0
    frames, lam = frames_of(toy_dataset(20), amplitude), 1e-5
    terms = metric(frames.action).terms
    shifted = dense(frames, terms)
    shifted.diagonal().add_(lam)
    known = torch.nonzero(amplitude > 0)[:, 0] * frames.width + frames.width - 1
    inverse = Preconditioner(frames, terms, lam, 50)
    product = torch.stack([inverse(column) for column in shifted[known]])
    unit = torch.eye(len(shifted), dtype=torch.float64)[known]
    torch.testing.assert_close(product, unit, rtol=0, atol=1e-4)


def test_the_columns_of_forces_are_evenly_drawn_from_all_frames(system):
    frames, _, _ = system
    chosen = _choose_columns(frames, 100, 0)
    n_modes = frames.width - (frames.amplitude is not None)
    assert sum(map(len, chosen)) == 100
    assert {len(modes) for modes in chosen} == {2, 3}
    for modes in chosen:
        assert len(set(modes.tolist())) == len(modes)
        assert modes.min() >= 0 and modes.max() < n_modes
    other = _choose_columns(frames, 100, 1)
    assert any(mine.tolist() != theirs.tolist() for mine, theirs in zip(chosen, other, strict=True))


@pytest.mark.parametrize("weight", [None, 1.0])
def test_iteration_to_the_end_is_the_direct_solution(weight, monkeypatch):
    """With frames that have no energy among those that have one, and a kernel of two terms."""
    monkeypatch.setattr("supple.models.kernel.conjugate_gradients._PATIENCE", 10**9)
    data, new = toy_dataset(25), toy_dataset(10, seed=3)
    energies = data.energies.copy()
    energies[[2, 11]] = np.nan
    train = Dataset.of(data.numbers, data.positions, energies, data.forces, name="toy.xyz")
    problem = Problem(train, find_permutations(data.numbers, data.positions), weight)
    kernel, lam = metric(problem.frames.action), 1e-6
    exact, needed = solve_directly(problem.frames, kernel.terms, lam, problem.rhs)
    state = solve_iteratively(problem.frames, kernel.terms, lam, problem.rhs, 90, lambda x: [1.0, 1.0])
    assert needed == lam
    assert state.iteration < 300
    direct, iterative = (problem.fitted_potential(kernel, x).predict(new.positions) for x in (exact, state.solution))
    for ours, theirs in zip(iterative, direct, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5 * np.abs(direct[1]).max())


def test_the_residual_of_the_solution_only_falls(system):
    """And is what it says: that of the solution. That of the iterates goes up and down. Errors count only where it is small."""
    frames, terms, matrix = system
    rhs = torch.randn(len(matrix), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    shifted = matrix + LAM * torch.eye(len(matrix), dtype=torch.float64)
    inverse, seen = Preconditioner(frames, terms, LAM, 40), []

    def validate(solution):
        seen.append(float((rhs - shifted @ solution).norm() / rhs.norm()))
        return [0.9 ** len(seen)] if len(seen) < 8 else [1.0]

    state = conjugate_gradients(lambda x: shifted @ x, inverse, rhs, validate)
    assert state.converged
    assert len(seen) >= 8
    assert seen[-1] <= 0.03
    assert seen == sorted(seen, reverse=True)
    assert [one.residual for one in state.validations] == pytest.approx(seen, rel=1e-3)
    assert float(state.residual.norm()) >= float(state.solution_residual.norm())


@pytest.mark.parametrize("energies", ["integrated", "learned"])
def test_the_iterative_solution_is_the_direct_one(energies):
    train, valid, test = toy_dataset(150).split(train=80, valid=30)
    direct = SGDML(sigma=SIGMA, energies=energies, solver="direct").fit(train, valid)
    iterative = SGDML(sigma=SIGMA, energies=energies, solver="iterative").fit(train, valid)
    metrics = [model.evaluate(test) for model in (direct, iterative)]
    assert metrics[1].forces.rmse == pytest.approx(metrics[0].forces.rmse, rel=0.01)
    assert metrics[1].energy.rmse == pytest.approx(metrics[0].energy.rmse, rel=0.03)
    assert iterative.provenance.settings["energies"] == energies
    assert iterative.provenance.settings["solver"] == "iterative"
    assert any("conjugate-gradient iterations" in note for note in iterative.provenance.notes)


class StoppedError(Exception):
    """Stands for a process that ends."""


def crash():
    raise StoppedError


@pytest.mark.parametrize(
    ("stop", "error", "seconds"),
    [
        (crash, StoppedError, 0.0),
        (lambda: signal.raise_signal(signal.SIGTERM), Interrupted, 1e9),
    ],  # 1e9: only when interrupted
)
def test_an_interrupted_solution_goes_on_to_the_same_end(system, tmp_path, monkeypatch, stop, error, seconds):
    frames, terms, matrix = system
    rhs = torch.randn(len(matrix), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    inverse = Preconditioner(frames, terms, LAM, 100)
    operator = KernelOperator(frames, terms)
    monkeypatch.setattr("supple.models.kernel.conjugate_gradients._CHECKPOINT_SECONDS", seconds)

    def solve(stop_at=None, checkpoint=None):
        validations = []

        def validate(x):
            validations.append(1)
            if len(validations) == stop_at:
                stop()
            return [float(x.norm()), 0.0]

        apply = lambda x: operator(x) + LAM * x  # noqa: E731
        return conjugate_gradients(apply, inverse, rhs, validate, checkpoint=checkpoint)

    undisturbed = solve()
    with pytest.raises(error), interruptible():
        solve(stop_at=3, checkpoint=tmp_path / "checkpoint")
    resumed = solve(checkpoint=tmp_path / "checkpoint")
    assert resumed.iteration == undisturbed.iteration
    torch.testing.assert_close(resumed.x, undisturbed.x, rtol=0, atol=0)
    torch.testing.assert_close(resumed.solution, undisturbed.solution, rtol=0, atol=0)


def test_a_damaged_checkpoint_is_refused(tmp_path):
    (tmp_path / "checkpoint").write_bytes(b"nonsense")
    with pytest.raises(ModelFileError, match="delete it to start that run again"):
        State.load(tmp_path / "checkpoint")


@pytest.mark.parametrize("settings", [SGDML(metric="uniform"), SGDML(environments=("molecule",))])
def test_settings_are_not_chosen_twice(settings, tmp_path, monkeypatch):
    train, valid, _ = toy_dataset(60).split(train=30, valid=20)
    run = RunDirectory.open(tmp_path / "run", {})
    first = settings.fit(train, valid, run=run)
    for name in ("uniform_metric.choose_sigma", "learn_metric.minimize"):
        monkeypatch.setattr(f"supple.models.sgdml.{name}", lambda *args, **more: pytest.fail("chosen again"))
    again = settings.fit(train, valid, run=run)
    assert again.provenance.settings == first.provenance.settings
    for ours, theirs in zip(again.predict(valid.positions), first.predict(valid.positions), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def size_of(n_frames, n_modes=66, n_entries=276, n_permutations=8):
    """Of a molecule that turns each of three pairs of atoms, or none."""
    turns = [[0, 1], [2, 3], [4, 5]]
    action = torch.arange(n_entries).repeat(n_permutations, 1)
    for k in range(n_permutations):
        for bit, pair in enumerate(turns):
            if k >> bit & 1:
                action[k, pair] = action[k, pair[::-1]]
    return ProblemSize(n_frames, n_modes, n_entries, MolecularKernel.uniform(SIGMA, action).terms)


def test_the_solver_is_the_fastest_that_fits(monkeypatch):
    few, many = size_of(50), size_of(1000)
    assert choose_solver("auto", few).solver == "direct"
    assert choose_solver("auto", many).solver == "iterative"
    assert choose_solver("iterative", few).solver == "iterative"
    monkeypatch.setattr(
        "supple.models.kernel.solver_cost.free_memory", lambda device: 0.9 * SolverCost.direct(many).n_bytes
    )
    with pytest.raises(ResourceError, match="GiB are free"):
        choose_solver("direct", many)


def test_the_cost_of_iterations_is_known_before():
    cost = SolverCost.iterative(size_of(100))
    assert cost.n_bytes > Preconditioner.n_bytes(cost.rows, cost.n_columns)
    assert np.isfinite(cost.seconds)


def test_a_solution_that_has_not_converged_says_so(monkeypatch):
    monkeypatch.setattr("supple.models.kernel.conjugate_gradients._MAX_ITERATIONS", 10)
    train, valid, _ = toy_dataset(90).split(train=40, valid=30)
    potential = SGDML(sigma=SIGMA, lam=1e-10, energies="integrated", solver="iterative").fit(train, valid)
    assert any("has not converged after 10" in note for note in potential.provenance.notes)
