"""The weights of the training frames: directly, or by iteration where that is faster or the matrix does not fit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from jaxtyping import Float
from torch import Tensor

from supple.models.kernel.cholesky import NotPositiveDefiniteError
from supple.models.kernel.conjugate_gradients import State, conjugate_gradients
from supple.models.kernel.distributed_system import SharedSystem, help_to_solve
from supple.models.kernel.preconditioner import n_columns
from supple.models.kernel.system import Frames, assemble
from supple.runtime import distributed
from supple.runtime.progress import SILENCE, Progress

#: λ is raised in steps of ten, so often at most, when rounding makes the matrix indefinite.
_RAISES = 5


def solve_directly(
    frames: Frames, sigma: float, lam: float, right: Float[Tensor, "n"], progress: Progress = SILENCE
) -> tuple[Float[Tensor, "n"], float]:
    """Assemble the matrix and factorise it.

    Returns:
        The weights in the internal basis, and the λ that was needed.

    Raises:
        NotPositiveDefiniteError: the matrix is indefinite, even with a larger λ.
    """
    for _ in range(_RAISES):
        triangle = assemble(frames, sigma, lambda done, total: progress.step("Kernel matrix", done, total))
        try:
            triangle.factorise(lam, lambda done, total: progress.step("Factorising", done, total))
        except NotPositiveDefiniteError:
            lam *= 10
        else:
            return triangle.solve(right), lam
    raise NotPositiveDefiniteError(f"The kernel matrix is indefinite even with lambda {lam:g}: look for equal frames.")


def solve_iteratively(
    frames: Frames,
    sigma: float,
    lam: float,
    right: Float[Tensor, "n"],
    judge: Callable[[Float[Tensor, "n"]], list[float]],
    *,
    checkpoint: Path | None = None,
    progress: Progress = SILENCE,
    unit: str = "",
) -> State:
    """Preconditioned conjugate gradients until the judge's errors have settled; the weights are `x` of what comes back."""
    size = n_columns(len(right))
    distributed.call_on_other_ranks(help_to_solve, frames, sigma, lam, size)
    system = SharedSystem(frames, sigma, lam, size, lambda done, total: progress.step("Preconditioner", done, total))
    try:
        return conjugate_gradients(
            system.apply, system.precondition, right, judge, checkpoint=checkpoint, progress=progress, unit=unit
        )
    finally:
        system.end()
