"""The iterative solution: its operator is the matrix, its preconditioner is near the inverse, its end is the solution."""

import signal

import numpy as np
import pytest
import torch
from toy import toy_dataset

from supple import SGDML
from supple.errors import ModelFileError, ResourceError
from supple.models.kernel.conjugate_gradients import State, conjugate_gradients
from supple.models.kernel.operator import KernelOperator
from supple.models.kernel.preconditioner import Preconditioner
from supple.models.kernel.solver_cost import SolverCost, choose_solver
from supple.models.kernel.system import KernelFrames, assemble
from supple.molecule.symmetry.permutations import find_permutations
from supple.runtime.run_directory import RunDirectory
from supple.runtime.signals import Interrupted, interruptible

SIGMA, LAM = 8.0, 1e-10


@pytest.fixture(scope="module")
def frames():
    data = toy_dataset(40)
    return KernelFrames(torch.tensor(data.positions), find_permutations(data.numbers, data.positions))


@pytest.fixture(scope="module")
def matrix(frames):
    lower = assemble(frames, SIGMA, lambda done, total: None).dense()
    return lower + lower.tril(-1).T


def test_the_operator_is_the_matrix(frames, matrix):
    x = torch.randn(len(matrix), dtype=torch.float64)
    torch.testing.assert_close(KernelOperator(frames, SIGMA)(x), matrix @ x, rtol=1e-12, atol=1e-12)


def test_the_operator_does_rows_apart(frames, matrix):
    x = torch.randn(len(matrix), dtype=torch.float64)
    v = frames.width
    part = KernelOperator(frames, SIGMA, rows=range(7, 19))(x)
    torch.testing.assert_close(part, (matrix @ x)[7 * v : 19 * v], rtol=1e-12, atol=1e-12)


def test_the_operator_works_in_chunks(frames, matrix, monkeypatch):
    monkeypatch.setattr("supple.models.kernel.operator._WORK", 1000)
    operator = KernelOperator(frames, SIGMA)
    assert len(operator.parts) > 3
    x = torch.randn(len(matrix), dtype=torch.float64)
    torch.testing.assert_close(operator(x), matrix @ x, rtol=1e-12, atol=1e-12)


def test_the_preconditioner_is_symmetric_and_positive(frames, matrix):
    inverse = Preconditioner(frames, SIGMA, LAM, 100)
    dense = torch.stack([inverse(e) for e in torch.eye(len(matrix), dtype=torch.float64)])
    torch.testing.assert_close(dense, dense.T, rtol=1e-6, atol=1e-6 * float(dense.abs().max()))
    assert float(torch.linalg.eigvalsh((dense + dense.T) / 2).min()) > 0


def test_the_preconditioner_gathers_the_eigenvalues(frames, matrix):
    """Of P⁻¹ K: all near 1, over a few decades instead of ten."""

    def decades(apply):
        dense = torch.stack([apply(column) for column in (matrix + LAM * torch.eye(len(matrix))).T])
        values = torch.linalg.eigvals(dense).real
        return float(torch.log10(torch.quantile(values, 0.99) / torch.quantile(values, 0.01)))

    assert decades(Preconditioner(frames, SIGMA, LAM, 200)) < decades(lambda x: x) - 4


def test_the_iterative_solution_is_the_direct_one():
    train, valid, test = toy_dataset(150).split(train=80, valid=30)
    direct = SGDML(sigma=SIGMA, solver="direct").fit(train, valid)
    iterative = SGDML(sigma=SIGMA, solver="iterative").fit(train, valid)
    errors = [model.evaluate(test).forces.rmse for model in (direct, iterative)]
    assert errors[1] == pytest.approx(errors[0], rel=0.01)
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
def test_an_interrupted_solution_goes_on_to_the_same_end(frames, matrix, tmp_path, monkeypatch, stop, error, seconds):
    rhs = torch.randn(len(matrix), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    inverse = Preconditioner(frames, SIGMA, LAM, 100)
    operator = KernelOperator(frames, SIGMA)
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


def test_a_damaged_checkpoint_is_refused(tmp_path):
    (tmp_path / "checkpoint").write_bytes(b"nonsense")
    with pytest.raises(ModelFileError, match="delete it to start that run again"):
        State.load(tmp_path / "checkpoint")


def test_settings_are_not_chosen_twice(tmp_path, monkeypatch):
    train, valid, _ = toy_dataset(60).split(train=30, valid=20)
    run = RunDirectory.open(tmp_path / "run", {})
    first = SGDML().fit(train, valid, run=run).provenance.settings["sigma"]
    monkeypatch.setattr("supple.models.sgdml.choose_settings.choose_sigma", lambda error: pytest.fail("chosen again"))
    assert SGDML().fit(train, valid, run=run).provenance.settings["sigma"] == first


def test_the_solver_is_the_fastest_that_fits(monkeypatch):
    sizes = (1000, 66, 276, 8)
    assert choose_solver("auto", 50, 66, 276, 8).solver == "direct"
    assert choose_solver("auto", *sizes).solver == "iterative"
    assert choose_solver("iterative", 50, 66, 276, 8).solver == "iterative"
    monkeypatch.setattr(
        "supple.models.kernel.solver_cost.available_memory", lambda: 0.9 * SolverCost.direct(*sizes).n_bytes
    )
    with pytest.raises(ResourceError, match="GiB are free"):
        choose_solver("direct", *sizes)


def test_costs_count_what_is_kept():
    frames, modes, entries, permutations = 100, 66, 276, 8
    kept = KernelOperator.n_bytes(frames, permutations, entries)
    assert kept == 8 * permutations * frames * (2 * frames + entries)
    assert SolverCost.iterative(frames, modes, entries, permutations).n_bytes > kept
    assert np.isfinite(SolverCost.iterative(frames, modes, entries, permutations).seconds)
