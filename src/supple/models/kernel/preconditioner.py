"""A preconditioner for the kernel matrix: some of its columns for what frames share, and a block for what each keeps.

    K ≈ P = B Bᵀ + D ,   B = K_:C L⁻ᵀ ,  L Lᵀ = K_CC ,   D_i = K_ii - B_i B_iᵀ + λ   (one block of V x V a frame)

B Bᵀ is Nyström's approximation from the columns C (Williams and Seeger, NIPS 13, 2001), drawn evenly from all frames. What
it misses is mostly within single frames, and D has just that: such blocks make it several times better than the multiple of
the identity that is usually put there (as in Chmiela et al., Sci. Adv. 9, eadf0873 (2023), doi 10.1126/sciadv.adf0873),
for a few per cent more work. Gaussian process regression knows the form as PITC (Quiñonero-Candela and Rasmussen, JMLR 6,
1939, 2005). By Woodbury's identity

    P⁻¹ r = z - D⁻¹ B S⁻¹ Bᵀ z ,   z = D⁻¹ r ,   S = I + Bᵀ D⁻¹ B .

Everything is in double precision: B Bᵀ is a million times D, and what is left of z above would drown in single.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from supple.models.kernel.system import Frames, columns
from supple.runtime import distributed

#: Columns: this times n^(2/3).
_FACTOR = 2.0
#: Of the mean eigenvalue of a block, what every one of them has at least.
_FLOOR = 0.1
#: Relative to the mean of the diagonal, what is added to K_CC so that rounding does not make it indefinite.
_JITTER = 1e-12
#: Columns of a strip of a symmetric product.
_STRIP = 1024
#: Frames whose columns are made together.
_GROUP = 8
#: Rows of B that are made at a time.
_ROWS = 8192


def n_columns(n_rows: int) -> int:
    """How many columns suit n rows."""
    return min(int(_FACTOR * n_rows ** (2 / 3)), n_rows // 2)


class Preconditioner:
    """P⁻¹, made once and applied in every iteration; of all rows, or of those that one process of several has.

    Args:
        frames: all training frames.
        sigma, lam: of the kernel, and its regularisation.
        size: k, how many columns.
        seed: of their choice.
        progress: is told how much is done, of how much.
        rows: the frames whose rows are wanted; all by default.
    """

    def __init__(
        self,
        frames: Frames,
        sigma: float,
        lam: float,
        size: int,
        seed: int = 0,
        progress: Callable[[float, float], None] = lambda done, total: None,
        rows: range | None = None,
    ) -> None:
        rows = range(len(frames)) if rows is None else rows
        self.m, self.v = len(rows), frames.width
        modes = _choose(len(frames), self.v, size, seed)
        picked = torch.cat([j * self.v + chosen for j, chosen in enumerate(modes)]) - rows.start * self.v
        mine = (picked >= 0) & (picked < self.m * self.v)
        k = len(picked)
        self.b = torch.empty(self.m * self.v, k, dtype=torch.float64)
        at = 0
        for first in range(0, len(frames), _GROUP):  # G is as large as a cache: gone through once for several frames
            group = range(first, min(first + _GROUP, len(frames)))
            part = columns(frames, sigma, {j: modes[j] for j in group}, slice(rows.start, rows.stop))
            self.b[:, at : at + part.shape[2]] = part.flatten(0, 1)
            at += part.shape[2]
            progress(0.2 * at / k, 1.0)
        core = torch.zeros(k, k, dtype=torch.float64)
        core[mine] = self.b[picked[mine]]
        lower = _cholesky(distributed.all_reduce(core), _JITTER * k**0.5)
        for start in range(0, len(self.b), _ROWS):
            some = slice(start, start + _ROWS)
            self.b[some] = torch.linalg.solve_triangular(lower.mT, self.b[some], upper=True, left=False)
            progress(0.2 + 0.3 * min(start / len(self.b), 1.0), 1.0)
        del lower, core
        self.inverse_blocks = self._blocks(frames, sigma, lam, rows)
        self.lower = _cholesky(self._capacitance(lambda done: progress(0.5 + 0.5 * done, 1.0)))

    @staticmethod
    def n_bytes(n_rows: int, size: int) -> int:
        """Peak memory of making one."""
        return 8 * (n_rows * size + 2 * size * size + 2 * _ROWS * size)

    @staticmethod
    def flops(n_rows: int, size: int) -> float:
        """Floating-point operations of making one: two of n·k², and half as much for its columns and blocks."""
        return float(n_rows) * size * size * 3

    def __call__(self, right: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
        """P⁻¹ r, from and to the rows that are here."""
        z = self._without_shared(right)
        inner = torch.cholesky_solve(distributed.all_reduce(self.b.T @ z)[:, None], self.lower)[:, 0]
        return z - self._without_shared(self.b @ inner)

    def _without_shared(self, right: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
        """D⁻¹ r."""
        return torch.bmm(self.inverse_blocks, right.view(self.m, self.v, 1)).flatten()

    def _blocks(self, frames: Frames, sigma: float, lam: float, rows: range) -> Float[Tensor, "M V V"]:
        """D_i⁻¹, each eigenvalue of D_i held above a floor."""
        inverses = torch.empty(self.m, self.v, self.v, dtype=torch.float64)
        for i, frame in enumerate(rows):
            shared = self.b[i * self.v : (i + 1) * self.v]
            own = columns(frames, sigma, {frame: slice(None)}, slice(frame, frame + 1))[0]
            values, vectors = torch.linalg.eigh(own - shared @ shared.T)
            values = values.clamp_(min=0)
            values += _FLOOR * values.mean() + lam
            inverses[i] = (vectors / values) @ vectors.T
        return inverses

    def _capacitance(self, progress: Callable[[float], None]) -> Float[Tensor, "k k"]:
        """S, from one batch of rows after the other; the lower triangle, in strips of columns."""
        k = self.b.shape[1]
        total = torch.zeros(k, k, dtype=torch.float64)
        per = max(1, _ROWS // self.v)
        for start in range(0, self.m, per):
            part = self.b[start * self.v : (start + per) * self.v]
            weighted = torch.bmm(self.inverse_blocks[start : start + per], part.view(-1, self.v, k)).flatten(0, 1)
            for left in range(0, k, _STRIP):
                strip = slice(left, left + _STRIP)
                total[left:, strip].addmm_(part[:, left:].T, weighted[:, strip])
            progress(min(start + per, self.m) / self.m)
        total = distributed.all_reduce(total)
        total.diagonal().add_(1)
        return total


def _choose(n_frames: int, n_modes: int, size: int, seed: int) -> list[Tensor]:
    """For each frame the modes whose columns are taken: as evenly as can be, at random within."""
    generator = torch.Generator().manual_seed(seed)
    each, more = divmod(size, n_frames)
    lucky = set(torch.randperm(n_frames, generator=generator)[:more].tolist())
    return [
        torch.randperm(n_modes, generator=generator)[: each + (frame in lucky)].sort().values
        for frame in range(n_frames)
    ]


def _cholesky(matrix: Float[Tensor, "k k"], shift: float = 1e-16) -> Float[Tensor, "k k"]:
    """L of a matrix that is positive definite but for rounding; `shift`, relative to the diagonal, makes it so."""
    mean = float(matrix.diagonal().mean())
    while True:
        matrix.diagonal().add_(shift * mean)
        lower, failed_at = torch.linalg.cholesky_ex(matrix)
        if not failed_at:
            return lower
        shift *= 10
