"""A preconditioner for the kernel matrix: some of its columns for what frames share, and a block per frame for the rest.

    K ≈ P = B Bᵀ + D ,   B = K_:C L⁻ᵀ ,  L Lᵀ = K_CC ,   D_i = K_ii - B_i B_iᵀ + λ   (one block of V x V a frame)

B Bᵀ is Nyström's approximation from the columns C (Williams and Seeger, NIPS 13, 2001), drawn evenly from all frames. Learned
energies are all among them: an energy is almost determined by the forces around it, so their rows add as many tiny eigenvalues as there are
frames, which P then has exactly. What B Bᵀ misses is mostly within single frames, which is what D holds: such blocks work several times better than the multiple of
the identity that is usual (as in Chmiela et al., Sci. Adv. 9, eadf0873 (2023), doi 10.1126/sciadv.adf0873),
for a few per cent more work. In Gaussian process regression the form is called PITC (Quiñonero-Candela and Rasmussen, JMLR 6,
1939, 2005). By Woodbury's identity

    P⁻¹ r = z - D⁻¹ B S⁻¹ Bᵀ z ,   z = D⁻¹ r ,   S = I + Bᵀ D⁻¹ B .

Everything is in double precision: B Bᵀ is a million times D, and the difference above would be lost in single precision.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from supple.models.kernel.system import KernelFrames, KernelMatrix
from supple.models.kernel.term import KernelTerm
from supple.runtime import distributed

#: Number of columns, in units of n^(2/3).
_FACTOR = 2.0
#: Smallest eigenvalue of a block, relative to their mean.
_FLOOR = 0.03
#: What is added to the diagonal of K_CC, relative to its mean, so that rounding does not make it indefinite.
_JITTER = 1e-12
#: Columns of a strip of a symmetric product.
_STRIP = 1024
#: Frames whose columns are computed together.
_GROUP = 8
#: Rows of B that are processed at a time.
_ROWS = 8192


def n_force_columns(n_rows: int) -> int:
    """The number of columns of forces to take for n rows."""
    return min(int(_FACTOR * n_rows ** (2 / 3)), n_rows // 2)


class Preconditioner:
    """P⁻¹, computed once and applied in every iteration; for all rows, or for those of one process of several.

    Args:
        frames: all training frames.
        terms: of the kernel.
        lam: regularisation.
        size: the number of columns of forces.
        seed: of their choice.
        progress: called with the amount done and the total.
        rows: the frames whose rows this process has; all by default.
    """

    def __init__(
        self,
        frames: KernelFrames,
        terms: Sequence[KernelTerm],
        lam: float,
        size: int,
        seed: int = 0,
        progress: Callable[[float, float], None] = lambda done, total: None,
        rows: range | None = None,
    ) -> None:
        rows = range(len(frames)) if rows is None else rows
        self.m, self.v = len(rows), frames.width
        matrix = KernelMatrix(frames, terms)
        modes = _choose_columns(frames, size, seed)
        column_rows = torch.cat([j * self.v + chosen for j, chosen in enumerate(modes)]) - rows.start * self.v
        own = (column_rows >= 0) & (column_rows < self.m * self.v)
        k = len(column_rows)
        self.b = torch.empty(self.m * self.v, k, dtype=torch.float64, device=frames.x.device)
        at = 0
        for first in range(0, len(frames), _GROUP):  # G is as large as a cache: gone through once for several frames
            group = range(first, min(first + _GROUP, len(frames)))
            part = matrix.columns({j: modes[j] for j in group}, slice(rows.start, rows.stop))
            self.b[:, at : at + part.shape[2]] = part.flatten(0, 1)
            at += part.shape[2]
            progress(0.2 * at / k, 1.0)
        core = torch.zeros(k, k, dtype=torch.float64, device=frames.x.device)
        core[own] = self.b[column_rows[own]]
        lower = _cholesky(distributed.all_reduce(core), _JITTER * k**0.5)
        for start in range(0, len(self.b), _ROWS):
            some = slice(start, start + _ROWS)
            self.b[some] = torch.linalg.solve_triangular(lower.mT, self.b[some], upper=True, left=False)
            progress(0.2 + 0.3 * min(start / len(self.b), 1.0), 1.0)
        del lower, core
        self.inverse_blocks = self._blocks(matrix, lam, rows)
        self.lower = _cholesky(self._capacitance(lambda done: progress(0.5 + 0.5 * done, 1.0)))

    @staticmethod
    def n_bytes(n_rows: int, size: int) -> int:
        """Peak memory (bytes) of the construction."""
        return 8 * (n_rows * size + 2 * size * size + 2 * _ROWS * size)

    @staticmethod
    def flops(n_rows: int, size: int) -> float:
        """Floating-point operations of the construction: 2·n·k², and half as much for columns and blocks."""
        return float(n_rows) * size * size * 3

    def __call__(self, r: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
        """P⁻¹ r, for the rows of this process."""
        z = self._apply_inverse_blocks(r)
        inner = torch.cholesky_solve(distributed.all_reduce(self.b.T @ z)[:, None], self.lower)[:, 0]
        return z - self._apply_inverse_blocks(self.b @ inner)

    def _apply_inverse_blocks(self, r: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
        """D⁻¹ r."""
        return torch.bmm(self.inverse_blocks, r.view(self.m, self.v, 1)).flatten()

    def _blocks(self, matrix: KernelMatrix, lam: float, rows: range) -> Float[Tensor, "M V V"]:
        """D_i⁻¹, with the eigenvalues of D_i bounded from below."""
        inverses = torch.empty(self.m, self.v, self.v, dtype=torch.float64, device=self.b.device)
        for i, frame in enumerate(rows):
            low_rank = self.b[i * self.v : (i + 1) * self.v]
            block = matrix.columns({frame: slice(None)}, slice(frame, frame + 1))[0]
            values, vectors = torch.linalg.eigh(block - low_rank @ low_rank.T)
            values = values.clamp_(min=0)
            values += _FLOOR * values.mean() + lam
            inverses[i] = (vectors / values) @ vectors.T
        return inverses

    def _capacitance(self, progress: Callable[[float], None]) -> Float[Tensor, "k k"]:
        """S, summed over batches of rows; the lower triangle, in strips of columns."""
        k = self.b.shape[1]
        total = torch.zeros(k, k, dtype=torch.float64, device=self.b.device)
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


def _choose_columns(frames: KernelFrames, size: int, seed: int) -> list[Tensor]:
    """For each frame the modes whose columns are taken: equally many of each, to one, drawn at random, and its energy."""
    generator = torch.Generator().manual_seed(seed)
    n_modes = frames.width - (frames.amplitude is not None)
    energy = torch.arange(n_modes, frames.width)
    each, more = divmod(size, len(frames))
    with_one_more = set(torch.randperm(len(frames), generator=generator)[:more].tolist())
    chosen = []
    for frame in range(len(frames)):
        modes = torch.randperm(n_modes, generator=generator)[: each + (frame in with_one_more)].sort().values
        known = frames.amplitude is not None and frames.amplitude[frame] > 0
        chosen.append(torch.cat([modes, energy]) if known else modes)
    return chosen


def _cholesky(matrix: Float[Tensor, "k k"], shift: float = 1e-16) -> Float[Tensor, "k k"]:
    """L of a matrix that is positive definite but for rounding; `shift`, relative to the diagonal, makes it so."""
    mean = float(matrix.diagonal().mean())
    while True:
        matrix.diagonal().add_(shift * mean)
        lower, failed_at = torch.linalg.cholesky_ex(matrix)
        if not failed_at:
            return lower
        shift *= 10
