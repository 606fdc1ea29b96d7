"""A preconditioner for the kernel matrix: some of its columns for what frames share, and a block per frame for the rest.

    K ≈ P = B Bᵀ + D ,   B = K_:C L⁻ᵀ ,  L Lᵀ = K_CC ,   D_i = K_ii - B_i B_iᵀ + λ   (one block of V x V a frame)

B Bᵀ is Nyström's approximation from the columns C (Williams and Seeger, NIPS 13, 2001), drawn evenly from all frames. What
it misses is mostly within single frames, which is what D holds: such blocks work several times better than the multiple of
the identity that is usual (as in Chmiela et al., Sci. Adv. 9, eadf0873 (2023), doi 10.1126/sciadv.adf0873),
for a few per cent more work. In Gaussian process regression the form is called PITC (Quiñonero-Candela and Rasmussen, JMLR 6,
1939, 2005). By Woodbury's identity

    P⁻¹ r = z - D⁻¹ B S⁻¹ Bᵀ z ,   z = D⁻¹ r ,   S = I + Bᵀ D⁻¹ B .

A learned energy is almost determined by the forces around it: such rows add as many tiny eigenvalues as there are frames. The columns of all
energies E are therefore the first of C, and P has them exactly. With K_EE + λ = L_E L_Eᵀ, A = K_FE L_E⁻ᵀ (the first columns of B), and P_F
made of the others as above, the approximation of K_FF - A Aᵀ,

    t = L_E⁻¹ r_E ,   z_F = P_F⁻¹ (r_F - A t) ,   z_E = L_E⁻ᵀ (t - Aᵀ z_F) .

All products are in double precision: B Bᵀ is a million times D, and the difference above would be lost in single precision. But most of
B is stored in single precision (low_rank_factor.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from supple.models.kernel.low_rank_factor import LowRankFactor, n_large_columns
from supple.models.kernel.matrix import KernelMatrix
from supple.models.kernel.system import KernelFrames
from supple.models.kernel.term import KernelTerm
from supple.runtime import distributed

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


def n_force_columns(n_rows: int, factor: float) -> int:
    """The number of columns of forces to take for n rows, given in units of n^(2/3)."""
    return min(int(factor * n_rows ** (2 / 3)), n_rows // 2)


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
        matrix, modes = KernelMatrix(frames, terms), _choose_columns(frames, size, seed)
        device = frames.x.device
        self.with_energies = frames.amplitude is not None
        self.m, self.v, self.lam = len(rows), frames.width - self.with_energies, lam
        self.known = _known_energies(frames)[rows.start : rows.stop]
        n_energies = int(_known_energies(frames).sum())
        self.first_energy = int(_known_energies(frames)[: rows.start].sum())
        k = n_energies + sum(len(chosen) for chosen in modes)
        # B has rows of forces only; the rows of K_CC are taken from the same columns.
        b = torch.empty(self.m * self.v, k, dtype=torch.float64, device=device)
        core = torch.zeros(k, k, dtype=torch.float64, device=device)
        places, column_rows = _order(frames, modes)
        own = (column_rows >= rows.start * frames.width) & (column_rows < rows.stop * frames.width)
        at = 0
        for first in range(0, len(frames), _GROUP):  # G is as large as a cache: gone through once for several frames
            group = range(first, min(first + _GROUP, len(frames)))
            chosen = {j: torch.cat([modes[j], _energy_mode(frames, j)]) for j in group}
            part = matrix.columns(chosen, slice(rows.start, rows.stop))
            columns = places[at : at + part.shape[2]]
            b[:, columns] = part[:, : self.v].flatten(0, 1)
            core[own.nonzero(), columns] = part.flatten(0, 1)[column_rows[own] - rows.start * frames.width]
            at += part.shape[2]
            progress(0.2 * at / k, 1.0)
        core = distributed.all_reduce(core)
        core.diagonal()[:n_energies].add_(lam)
        lower = _cholesky(core, _JITTER * k**0.5)
        for start in range(0, len(b), _ROWS):
            some = slice(start, start + _ROWS)
            b[some] = torch.linalg.solve_triangular(lower.mT, b[some], upper=True, left=False)
            progress(0.2 + 0.3 * min(start / len(b), 1.0), 1.0)
        self.lower_energies = lower[:n_energies, :n_energies].clone()
        del lower, core
        self.a, of_forces = b[:, :n_energies].clone(), b[:, n_energies:]
        self.inverse_blocks, traces = self._blocks(matrix, b, lam, rows)
        typical = float(distributed.all_reduce(traces)) / (len(frames) * self.v)
        squares = distributed.all_reduce(torch.linalg.vector_norm(of_forces, dim=0) ** 2)
        self.b = LowRankFactor(of_forces, n_large_columns(squares, typical))
        self.lower = _cholesky(self._capacitance(of_forces, lambda done: progress(0.5 + 0.5 * done, 1.0)))

    @staticmethod
    def n_bytes(n_rows: int, size: int) -> int:
        """Peak memory (bytes) of the construction, in which B is copied to single precision."""
        return 12 * n_rows * size + 8 * (2 * size * size + 2 * _ROWS * size)

    @staticmethod
    def flops(n_rows: int, size: int) -> float:
        """Floating-point operations of the construction: 2·n·k², and half as much for columns and blocks."""
        return float(n_rows) * size * size * 3

    def __call__(self, r: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
        """P⁻¹ r, for the rows of this process."""
        if not self.with_energies:
            return self._apply_to_forces(r)
        rows = r.view(self.m, -1)
        lower = self.lower_energies
        t = distributed.all_gather(rows[self.known, -1])
        t = torch.linalg.solve_triangular(lower, t[:, None], upper=False)
        forces = self._apply_to_forces(rows[:, :-1].flatten() - (self.a @ t)[:, 0])
        back = t - distributed.all_reduce(self.a.T @ forces)[:, None]
        energies = torch.linalg.solve_triangular(lower.mT, back, upper=True)[:, 0]
        z = torch.cat([forces.view(self.m, -1), rows[:, -1:] / self.lam], dim=1)
        first = self.first_energy
        z[self.known, -1] = energies[first : first + int(self.known.sum())]
        return z.flatten()

    def _apply_to_forces(self, r: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
        """P_F⁻¹ r."""
        z = self._apply_inverse_blocks(r)
        inner = torch.cholesky_solve(distributed.all_reduce(self.b.transposed_times(z))[:, None], self.lower)[:, 0]
        return z - self._apply_inverse_blocks(self.b @ inner)

    def _apply_inverse_blocks(self, r: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
        """D⁻¹ r."""
        return torch.bmm(self.inverse_blocks, r.view(self.m, self.v, 1)).flatten()

    def _blocks(
        self, matrix: KernelMatrix, b: Float[Tensor, "n k"], lam: float, rows: range
    ) -> tuple[Float[Tensor, "M V V"], Tensor]:
        """D_i⁻¹, with the eigenvalues of D_i bounded from below; and the sum of all of these."""
        inverses = torch.empty(self.m, self.v, self.v, dtype=torch.float64, device=b.device)
        traces = b.new_zeros(())
        for i, frame in enumerate(rows):
            low_rank = b[i * self.v : (i + 1) * self.v]
            block = matrix.columns({frame: slice(None)}, slice(frame, frame + 1))[0, : self.v, : self.v]
            values, vectors = torch.linalg.eigh(block - low_rank @ low_rank.T)
            values = values.clamp_(min=0)
            values += _FLOOR * values.mean() + lam
            inverses[i] = (vectors / values) @ vectors.T
            traces += values.sum()
        return inverses, traces

    def _capacitance(self, b: Float[Tensor, "n k"], progress: Callable[[float], None]) -> Float[Tensor, "k k"]:
        """S, summed over batches of rows; the lower triangle, in strips of columns."""
        k = b.shape[1]
        total = torch.zeros(k, k, dtype=torch.float64, device=b.device)
        per = max(1, _ROWS // self.v)
        for start in range(0, self.m, per):
            part = b[start * self.v : (start + per) * self.v]
            weighted = torch.bmm(self.inverse_blocks[start : start + per], part.view(-1, self.v, k)).flatten(0, 1)
            for left in range(0, k, _STRIP):
                strip = slice(left, left + _STRIP)
                total[left:, strip].addmm_(part[:, left:].T, weighted[:, strip])
            progress(min(start + per, self.m) / self.m)
        total = distributed.all_reduce(total)
        total.diagonal().add_(1)
        return total


def _choose_columns(frames: KernelFrames, size: int, seed: int) -> list[Int[Tensor, "_"]]:
    """For each frame the modes of forces whose columns are taken: equally many of each, to one, drawn at random."""
    generator = torch.Generator().manual_seed(seed)
    n_modes = frames.width - (frames.amplitude is not None)
    each, more = divmod(size, len(frames))
    with_one_more = set(torch.randperm(len(frames), generator=generator)[:more].tolist())
    return [
        torch.randperm(n_modes, generator=generator)[: each + (frame in with_one_more)].sort().values
        for frame in range(len(frames))
    ]


def _known_energies(frames: KernelFrames) -> Bool[Tensor, "M"]:
    """Which frames have an energy that is learned."""
    if frames.amplitude is None:
        return torch.zeros(len(frames), dtype=torch.bool)
    return (frames.amplitude > 0).cpu()


def _energy_mode(frames: KernelFrames, j: int) -> Int[Tensor, "_"]:
    """The last mode of a frame, if it is an energy that is learned."""
    return torch.arange(frames.width - int(_known_energies(frames)[j]), frames.width)


def _order(frames: KernelFrames, modes: list[Int[Tensor, "_"]]) -> tuple[Int[Tensor, "k"], Int[Tensor, "k"]]:
    """Where the columns go, frame by frame, so that energies come first; and the rows of K that they are, in that order."""
    chosen = [torch.cat([some, _energy_mode(frames, j)]) for j, some in enumerate(modes)]
    is_energy = torch.cat([torch.arange(len(one)) >= len(some) for one, some in zip(chosen, modes, strict=True)])
    places = torch.empty(len(is_energy), dtype=torch.int64)
    places[(~is_energy).to(torch.int8).argsort(stable=True)] = torch.arange(len(is_energy))
    rows = torch.empty_like(places)
    rows[places] = torch.cat([j * frames.width + one for j, one in enumerate(chosen)])
    return places, rows


def _cholesky(matrix: Float[Tensor, "k k"], shift: float = 1e-16) -> Float[Tensor, "k k"]:
    """L of a matrix that is positive definite but for rounding; `shift`, relative to each entry of the diagonal, makes it so."""
    while True:
        matrix.diagonal().mul_(1 + shift)
        lower, failed_at = torch.linalg.cholesky_ex(matrix)
        if not failed_at:
            return lower
        shift *= 10
