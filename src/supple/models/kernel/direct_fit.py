"""A kernel model with given settings, solved directly; and the small one that data are checked with."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int

from supple.data.dataset import Dataset
from supple.models.kernel.molecular_kernel import MolecularKernel
from supple.models.kernel.potential import SGDMLPotential
from supple.models.kernel.problem import Problem
from supple.models.kernel.solver import solve_directly
from supple.runtime.progress import NO_PROGRESS, Progress

#: Settings of the small model: best for no molecule, good enough for all.
_SIGMA = 10.0
_LAM = 1e-10


def kernel_fit(
    problem: Problem, kernel: MolecularKernel, lam: float, progress: Progress = NO_PROGRESS
) -> tuple[SGDMLPotential, float]:
    """The potential with given kernel and λ, solved directly.

    Returns:
        The potential, and the λ that was needed.
    """
    kernel = kernel.on(problem.rhs.device)
    weights, lam = solve_directly(problem.frames, kernel.terms, lam, problem.rhs, progress)
    return problem.fitted_potential(kernel, weights), lam


def small_kernel_model(dataset: Dataset, permutations: Int[np.ndarray, "P N"]) -> SGDMLPotential:
    """A model of the forces of a few frames with fixed settings: the checks compare labels with its predictions.

    Args:
        dataset: frames with forces, a few hundred at most.
        permutations: of the atoms, a group.
    """
    problem = Problem(dataset, permutations)
    return kernel_fit(problem, MolecularKernel.uniform(_SIGMA, problem.frames.action), _LAM)[0]
