"""The weights of the training frames: solved for directly, or by iteration where that is faster or the matrix does not fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from jaxtyping import Float
from torch import Tensor

from supple.models.kernel.cholesky import NotPositiveDefiniteError
from supple.models.kernel.conjugate_gradients import State, conjugate_gradients
from supple.models.kernel.distributed_system import DistributedSystem, help_to_solve
from supple.models.kernel.matrix import KernelMatrix
from supple.models.kernel.system import KernelFrames
from supple.models.kernel.term import KernelTerm
from supple.runtime import distributed
from supple.runtime.progress import NO_PROGRESS, Progress

#: How often λ is multiplied by ten at most, when rounding makes the matrix indefinite.
_MAX_RAISES = 5


def solve_directly(
    frames: KernelFrames,
    terms: Sequence[KernelTerm],
    lam: float,
    rhs: Float[Tensor, "n"],
    progress: Progress = NO_PROGRESS,
) -> tuple[Float[Tensor, "n"], float]:
    """Assemble the matrix and factorise it.

    Returns:
        The weights in the internal basis, shape (n,), and the λ that was needed.

    Raises:
        NotPositiveDefiniteError: the matrix is indefinite, even with a larger λ.
    """
    matrix = KernelMatrix(frames, terms)
    for _ in range(_MAX_RAISES):
        triangle = matrix.lower_triangle(lambda done, total: progress.step("Kernel matrix", done, total))
        try:
            triangle.factorise(lam, lambda done, total: progress.step("Factorising", done, total))
        except NotPositiveDefiniteError:
            lam *= 10
        else:
            return triangle.solve(rhs), lam
    raise NotPositiveDefiniteError(
        f"The kernel matrix is indefinite even with lambda {lam:g}: check the training frames for duplicates."
    )


def solve_iteratively(
    frames: KernelFrames,
    terms: Sequence[KernelTerm],
    lam: float,
    rhs: Float[Tensor, "n"],
    size: int,
    validate: Callable[[Float[Tensor, "n"]], list[float]],
    *,
    checkpoint: Path | None = None,
    progress: Progress = NO_PROGRESS,
    unit: str = "",
) -> State:
    """Preconditioned conjugate gradients until the validation errors have converged; the weights are the `solution` of the state.

    The preconditioner has `size` columns of forces.
    """
    distributed.call_on_other_ranks(help_to_solve, frames, terms, lam, size)
    system = DistributedSystem(
        frames, terms, lam, size, lambda done, total: progress.step("Preconditioner", done, total)
    )
    try:
        return conjugate_gradients(
            system.apply, system.precondition, rhs, validate, checkpoint=checkpoint, progress=progress, unit=unit
        )
    finally:
        system.end()
