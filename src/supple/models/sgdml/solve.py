"""The potential of chosen settings, by the solver that was planned."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from torch import Tensor

from supple.data.dataset import Dataset
from supple.models.kernel.direct_fit import kernel_fit
from supple.models.kernel.molecular_kernel import MolecularKernel
from supple.models.kernel.potential import SGDMLPotential
from supple.models.kernel.problem import Problem
from supple.models.kernel.solver import solve_iteratively
from supple.models.kernel.solver_cost import SolverCost
from supple.models.settings import FitContext

#: Number of validation frames by which an iterative solution is stopped.
_VALIDATION_FRAMES = 300


class Solution(NamedTuple):
    """The potential, the λ that was needed, and a sentence about how it went."""

    potential: SGDMLPotential
    lam: float
    note: str


def solve(
    problem: Problem, kernel: MolecularKernel, lam: float, cost: SolverCost, valid: Dataset, context: FitContext
) -> Solution:
    """Solve for the weights.

    Args:
        problem: the training frames.
        kernel: between geometries.
        lam: regularisation.
        cost: of the solver to use.
        valid: validation frames, by which an iterative solution is stopped.
        context: of the fit.
    """
    if cost.solver == "direct":
        potential, needed = kernel_fit(problem, kernel, lam, context.progress)
        raised = f": lambda was raised from {lam:g}, as the matrix was indefinite to rounding" if needed > lam else ""
        return Solution(potential, needed, f"Solved directly with lambda {needed:g}{raised}.")
    kernel = kernel.on(problem.rhs.device)
    frames = valid.select(range(min(len(valid), _VALIDATION_FRAMES)))
    unit = frames.source.units.forces
    with_energy = np.isfinite(frames.energies)

    def errors(weights: Float[Tensor, "n"]) -> list[float]:
        """RMSE of the forces, and standard deviation of the energy errors: the constant is not yet fitted."""
        potential = problem.potential(kernel, weights)
        energies, forces = potential.predict(frames.positions)
        metrics = potential.metrics(frames, energies, forces)
        assert metrics.forces is not None
        spread = float((energies - frames.energies)[with_energy].std()) if with_energy.sum() > 1 else 0.0
        return [metrics.forces.rmse, spread]

    checkpoint = None if context.run is None else context.run.checkpoint_file
    state = solve_iteratively(
        problem.frames,
        kernel.terms,
        lam,
        problem.rhs,
        cost.n_columns,
        errors,
        checkpoint=checkpoint,
        progress=context.progress,
        unit=unit,
    )
    shown = state.validations[:: max(len(state.validations) // 8, 1)]
    curve = ", ".join(f"{one.iteration}: {one.errors[0]:.4g}" for one in shown)
    last = state.validations[-1]
    reached = f"{last.iteration} conjugate-gradient iterations to a relative residual of {last.residual:.1e}"
    errors_on_the_way = f"validation force RMSE in {unit}: {curve}"
    if state.converged:
        note = f"Solved by {reached}, when the validation errors had converged ({errors_on_the_way})."
    else:
        note = (
            f"The solution has not converged after {reached} ({errors_on_the_way}): the force field may be less accurate than the data "
            "allow. Train with --set solver=direct, or with a larger lam."
        )
        context.progress.note(note)
    return Solution(problem.fitted_potential(kernel, state.solution), lam, note)
