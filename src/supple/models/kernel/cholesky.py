"""The lower triangle of a symmetric matrix, as strips of columns, and its Cholesky factorisation in place.

Strip k holds the columns of its frames from the diagonal down, contiguous in memory: nothing is stored twice, so the
whole takes half of the square, and each step is a matrix product in place:

    for each strip:  A_kk = L Lᵀ ;  A_ik ← A_ik L⁻ᵀ  (i below k) ;  A_ij ← A_ij - A_ik A_jkᵀ  (strips j right of k)

(LAPACK's own dpotrf needs the full square; OpenBLAS's threaded one also crashed at 24,000 rows.)
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

#: Columns of a strip: wide enough for matrix products at full speed, narrow compared to the whole.
WIDTH = 768


class NotPositiveDefiniteError(ArithmeticError):
    """Rounding has made the matrix indefinite: a larger λ is needed."""


class Triangle:
    """The lower triangle of a symmetric matrix of M x M blocks of V x V."""

    def __init__(self, n_blocks: int, block: int, device: torch.device | None = None) -> None:
        self.block = block
        self.n_blocks = n_blocks
        self.per_strip = max(1, WIDTH // block)
        self.starts = range(0, n_blocks, self.per_strip)
        self.strips = [
            torch.empty(
                (n_blocks - k) * block, min(self.per_strip, n_blocks - k) * block, dtype=torch.float64, device=device
            )
            for k in self.starts
        ]

    @staticmethod
    def n_bytes(n_blocks: int, block: int) -> int:
        """Memory (bytes) that a triangle takes while it is factorised."""
        width = max(1, WIDTH // block) * block
        rows = n_blocks * block
        return 4 * rows * (rows + 3 * width)

    def factorise(self, lam: float, progress: Callable[[float, float], None]) -> None:
        """Overwrite A with the L of A + λI = L Lᵀ.

        Raises:
            NotPositiveDefiniteError: A + λI is not, to rounding.
        """
        for strip in self.strips:
            strip.diagonal().add_(lam)
        total = float(len(self.strips))
        for k, strip in enumerate(self.strips):
            width = strip.shape[1]
            corner, failed_at = torch.linalg.cholesky_ex(strip[:width])
            if failed_at:
                raise NotPositiveDefiniteError(f"column {int(failed_at)} of strip {k} has no positive pivot")
            strip[:width] = corner
            if len(strip) > width:
                strip[width:] = torch.linalg.solve_triangular(corner.mT, strip[width:], upper=True, left=False)
            at = width
            for other in self.strips[k + 1 :]:
                other.addmm_(strip[at:], strip[at : at + other.shape[1]].mT, alpha=-1)
                at += other.shape[1]
            progress(1 - (1 - (k + 1) / total) ** 3, 1.0)

    def solve(self, rhs: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
        """Solve L Lᵀ x = b for x, after `factorise`."""
        x = rhs.clone()[:, None]
        offsets = [start * self.block for start in self.starts]
        for offset, strip in zip(offsets, self.strips, strict=True):
            end = offset + strip.shape[1]
            x[offset:end] = torch.linalg.solve_triangular(strip[: end - offset], x[offset:end], upper=False)
            x[end:] -= strip[end - offset :] @ x[offset:end]
        for offset, strip in reversed(list(zip(offsets, self.strips, strict=True))):
            end = offset + strip.shape[1]
            x[offset:end] -= strip[end - offset :].mT @ x[end:]
            x[offset:end] = torch.linalg.solve_triangular(strip[: end - offset].mT, x[offset:end], upper=True)
        return x[:, 0]

    def dense(self) -> Float[Tensor, "n n"]:
        """The whole as a square matrix with zeros above the diagonal; for tests."""
        n = self.n_blocks * self.block
        square = torch.zeros(n, n, dtype=torch.float64)
        for start, strip in zip(self.starts, self.strips, strict=True):
            offset = start * self.block
            square[offset:, offset : offset + strip.shape[1]] = strip
        return square.tril()
