"""How the linear system is solved: directly, by a Cholesky factorisation in place. One copy of the matrix, never two.

LAPACK's dpotrf through SciPy works in the memory that it is given; the rows of the torch matrix are its columns, so
our lower triangle is its upper one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from scipy.linalg.lapack import dpotrf, dpotrs
from torch import Tensor

from supple.errors import ResourceError
from supple.machine import GIB, available_memory


@dataclass(frozen=True)
class Cost:
    """What a direct solution needs.

    Attributes:
        rows: n, rows of the matrix.
        n_bytes: peak memory beyond what the process has already.
        flops: floating-point operations, assembly and factorisation.
    """

    rows: int
    n_bytes: int
    flops: float

    @classmethod
    def of(cls, n_frames: int, n_modes: int, n_descriptor: int, n_permutations: int) -> Cost:
        """The cost for M frames, V modes, D entries and P permutations.

        A pair of frames costs 2·D·V² flops for the product of Jacobians and 6·P·D·V for the sums over permutations;
        a factorisation n³/3.
        """
        rows = n_frames * n_modes
        pairs = n_frames * (n_frames + 1) / 2
        per_pair = 2 * n_descriptor * n_modes**2 + 6 * n_permutations * n_descriptor * n_modes
        jacobians = 8 * n_frames * n_descriptor * n_modes
        return cls(rows, 8 * rows**2 + 2 * jacobians + 200 * 1024**2, pairs * per_pair + rows**3 / 3)

    def seconds(self) -> float:
        """Expected wall seconds on this machine, from a factorisation of 0.3 Gflop timed now."""
        return self.flops / _flops_per_second()

    def require_memory(self) -> None:
        """Refuse what does not fit.

        Raises:
            ResourceError: more memory is needed than is free.
        """
        free = available_memory()
        if self.n_bytes > 0.95 * free:
            percent = 100 * (0.95 * free / self.n_bytes) ** 0.5
            raise ResourceError(
                f"The kernel matrix of {self.rows} rows needs {self.n_bytes / GIB:.1f} GiB and {free / GIB:.1f} GiB "
                f"are free: train on fewer frames (about {percent:.0f} % of these fit), or use schnet."
            )

    def __str__(self) -> str:
        return f"a kernel matrix of {self.rows} rows, {self.n_bytes / GIB:.1f} GiB, about {_duration(self.seconds())}"


class NotPositiveDefiniteError(ArithmeticError):
    """Rounding made the matrix indefinite: a larger λ is needed."""


def solve(matrix: Float[Tensor, "n n"], right: Float[Tensor, "n"], lam: float) -> Float[Tensor, "n"]:
    """X with (K + λI) x = b. K is given by its lower triangle, and destroyed.

    Raises:
        NotPositiveDefiniteError: K + λI is not, to rounding.
    """
    matrix.diagonal().add_(lam)
    columns = matrix.numpy().T  # Fortran order, so that LAPACK makes no copy
    factor, failed_at = dpotrf(columns, lower=0, overwrite_a=1, clean=0)
    if failed_at:
        raise NotPositiveDefiniteError(f"the leading minor of order {failed_at} is not positive")
    solution, _ = dpotrs(factor, right.numpy(), lower=0)
    return torch.from_numpy(solution)


_rate: list[float] = []


def _flops_per_second() -> float:
    if not _rate:
        n = 1000
        probe = np.asfortranarray(np.eye(n) * 2)
        dpotrf(probe.copy(order="F"), lower=0, overwrite_a=1)  # the first call wakes the threads
        started = time.perf_counter()
        dpotrf(probe, lower=0, overwrite_a=1)
        _rate.append(n**3 / 3 / (time.perf_counter() - started))
    return _rate[0]


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
