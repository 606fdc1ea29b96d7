"""K β without K: the kernel matrix of the training frames applied to a vector.

The sums of system.py over the group may permute the query, as in the predictor, and the same matrix products by characters
do the work. Distances and exponentials do not change from one vector to the next: slope, by character, and decay, by
permutation, are kept, 2·P·M² numbers for a term of the whole molecule. What remains are three products, 6·R·M²·D flops,
R = P/a (characters.py): d·v, and

    Σ_j c_j d = (Σ_j c_j) P_p y_i - Σ_j c_j y_j .

The sum over p of c is its trivial character. Energies need no further products: with v' = v - w y and S(v') = Σ_jp slope P_pᵀ v'_j,

    Σ_jp slope w_j d       = (Σ_jp slope w_j) y_i - S(w y)                       so forces take S(v') in place of S(v), and
    Σ_jp slope (d·v_j)     = y_i·S(v') + Σ_j w_j m_ij - Σ_jp slope (y_j·v_j)     with m_ij = Σ_p slope (P_p y_i·y_j)

where Σ_p slope + γ q² decay - γ m is kept as well, M² numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from supple.models.kernel.system import KernelFrames
from supple.models.kernel.term import KernelTerm

#: Size of one work array: a few MB, so that the handful of them stays in the cache.
_WORK = 500_000


class KernelOperator:
    """The matrix K of some rows, applied to vectors; n = M·W.

    Args:
        frames: all training frames.
        terms: of the kernel.
        rows: the frames whose rows of the result are computed; all by default.
    """

    def __init__(self, frames: KernelFrames, terms: Sequence[KernelTerm], rows: range | None = None) -> None:
        self.frames = frames
        self.rows = range(len(frames)) if rows is None else rows
        self.terms = [_TermOperator(frames, term, self.rows) for term in terms]

    @staticmethod
    def n_bytes(n_frames: int, terms: Sequence[KernelTerm]) -> int:
        """Memory (bytes) of the factors."""
        return sum(
            8 * n_frames * (2 * term.n_pairs * n_frames + term.n_queries * (n_frames + term.size)) for term in terms
        )

    def __call__(self, weights: Float[Tensor, "n"]) -> Float[Tensor, "m"]:
        """K β, for these rows."""
        v, w = self.frames.sources(weights)
        parts = [term(v, w) for term in self.terms]
        forces = torch.stack([force for force, _ in parts]).sum(0)
        energies = None if w is None else torch.stack([energy for _, energy in parts]).sum(0)[:, None]
        return self.frames.rows(forces[:, None], energies, slice(self.rows.start, self.rows.stop)).flatten()


class _Part(NamedTuple):
    """Factors of some queries: slope by character, decay by permutation, and what energies need."""

    queries: Float[Tensor, "Q d"]
    slope: Float[Tensor, "A Q K"]
    decay: Float[Tensor, "A Q K"]
    energy: Float[Tensor, "Q K"] | None


class _TermOperator:
    """One term of the kernel, applied to weights v in descriptor space and w of energies; K = M·E."""

    def __init__(self, frames: KernelFrames, term: KernelTerm, rows: range) -> None:
        self.term, self.with_energies = term, frames.amplitude is not None
        self.y = term.targets(frames.centred)
        self.targets = term.group.blocks(self.y)
        queries = term.lift(frames.centred[rows.start : rows.stop])
        step = max(1, _WORK // (len(self.y) * term.group.n_characters))
        self.parts = [self._prepare(part) for part in queries.split(step)]

    def __call__(
        self, v: Float[Tensor, "M D"], w: Float[Tensor, "M"] | None
    ) -> tuple[Float[Tensor, "I D"], Float[Tensor, "I"]]:
        """T and e of the frames i."""
        term = self.term
        v, w = term.targets(v), None if w is None else term.per_environment(w)
        blocks = term.group.blocks(v)
        slope_blocks = blocks if w is None else term.group.blocks(v - w[:, None] * self.y)
        offsets = (self.y * v).sum(1)
        results = [self._apply(part, blocks, slope_blocks, offsets, w) for part in self.parts]
        forces = term.lower(torch.cat([force for force, _ in results])).mul_(term.amplitude * term.kernel.gamma)
        energies = torch.cat([energy for _, energy in results]).view(-1, term.n_queries).sum(1).mul_(term.amplitude)
        return forces, energies

    def _prepare(self, queries: Float[Tensor, "Q d"]) -> _Part:
        group, kernel = self.term.group, self.term.kernel
        products = group.products(queries, self.targets)
        products[0] -= (self.y**2).sum(1) / 2
        squared = group.transform(products).mul_(-2).add_((queries**2).sum(1, keepdim=True))
        slope, decay = torch.empty_like(squared), torch.empty_like(squared)
        q = kernel.factors(squared, slope, decay)
        energy = None
        if self.with_energies:
            # γ (q² decay - slope P_p y_i·y_j), where 2 P_p y_i·y_j = |y_i|² + |y_j|² - q²
            square = q.square_()
            dots = (square - (queries**2).sum(1, keepdim=True)).sub_((self.y**2).sum(1)).div_(-2)
            energy = (slope + kernel.gamma * (square.mul_(decay).sub_(dots.mul_(slope)))).sum(0)
        return _Part(queries, group.transform(slope), decay, energy)

    def _apply(
        self,
        part: _Part,
        blocks: tuple[Float[Tensor, "_ K"], ...],
        slope_blocks: tuple[Float[Tensor, "_ K"], ...],
        offsets: Float[Tensor, "K"],
        w: Float[Tensor, "K"] | None,
    ) -> tuple[Float[Tensor, "Q d"], Float[Tensor, "Q"]]:
        group, kernel = self.term.group, self.term.kernel
        along = group.products(part.queries, blocks)
        along[0] -= offsets
        by_distance = group.transform(group.transform(along).mul_(part.decay))
        total = by_distance[0].sum(1)
        forces = group.combine(part.slope, slope_blocks)
        energies = total.new_zeros(len(total))
        if w is not None:
            assert part.energy is not None
            along_query = (part.queries * forces).sum(1)
            energies = (part.energy @ w).sub_((along_query - part.slope[0] @ offsets).mul_(kernel.gamma))
            total = total - part.slope[0] @ w
        forces.add_(group.combine(by_distance, self.targets)).addcmul_(total[:, None], part.queries, value=-1)
        return forces, energies
