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

#: Vectors in the basis of characters, entries first: a block for each character.
Blocks = tuple[Float[Tensor, "_ K"], ...]

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
    """One term of the kernel, applied to weights v in descriptor space and w of energies; K = M·E.

    Sums over targets of slope times a number, and the product with y_j·v_j, are further rows and columns of the matrix products: on their own
    each would be one more pass through arrays that do not fit into a cache.
    """

    def __init__(self, frames: KernelFrames, term: KernelTerm, rows: range) -> None:
        self.term, self.with_energies = term, frames.amplitude is not None
        self.y = term.targets(frames.centred)
        self.targets = _with_rows(term.group.blocks(self.y), self.y.new_ones(1, len(self.y)))
        queries = term.lift(frames.centred[rows.start : rows.stop])
        step = max(1, _WORK // (len(self.y) * term.group.n_characters))
        self.parts = [self._prepare(part) for part in queries.split(step)]

    def __call__(
        self, v: Float[Tensor, "M D"], w: Float[Tensor, "M"] | None
    ) -> tuple[Float[Tensor, "I D"], Float[Tensor, "I"]]:
        """T and e of the frames i."""
        term = self.term
        v = term.targets(v)
        w = v.new_zeros(len(v)) if w is None else term.per_environment(w)
        offsets = (self.y * v).sum(1)
        blocks = _with_rows(term.group.blocks(v), -offsets[None])
        slope_blocks = _with_rows(term.group.blocks(v - w[:, None] * self.y), torch.stack([w, offsets]))
        results = [self._apply(part, blocks, slope_blocks, w) for part in self.parts]
        forces = term.lower(torch.cat([force for force, _ in results])).mul_(term.amplitude * term.kernel.gamma)
        energies = torch.cat([energy for _, energy in results]).view(-1, term.n_queries).sum(1).mul_(term.amplitude)
        return forces, energies

    def _prepare(self, queries: Float[Tensor, "Q d"]) -> _Part:
        group, kernel = self.term.group, self.term.kernel
        squares = (queries**2).sum(1, keepdim=True)
        products = group.products(queries, group.blocks(self.y))
        products[0] -= (self.y**2).sum(1) / 2
        squared = group.transform(products).mul_(-2).add_(squares)
        slope, decay = torch.empty_like(squared), torch.empty_like(squared)
        q = kernel.factors(squared, slope, decay)
        energy = None
        if self.with_energies:
            # γ (q² decay - slope P_p y_i·y_j), where 2 P_p y_i·y_j = |y_i|² + |y_j|² - q²
            square = q.square_()
            dots = (square - squares).sub_((self.y**2).sum(1)).div_(-2)
            energy = (slope + kernel.gamma * (square.mul_(decay).sub_(dots.mul_(slope)))).sum(0)
        return _Part(queries, group.transform(slope), decay, energy)

    def _apply(
        self, part: _Part, blocks: Blocks, slope_blocks: Blocks, w: Float[Tensor, "K"]
    ) -> tuple[Float[Tensor, "Q d"], Float[Tensor, "Q"]]:
        group = self.term.group
        along = part.queries.new_empty(part.decay.shape)
        first, *others = part.queries.split(group.sizes, 1)
        padded = torch.cat([first, first.new_ones(len(first), 1)], dim=1)
        for out, query, block in zip(along, (padded, *others), blocks, strict=True):
            torch.mm(query, block, out=out)
        by_distance = group.transform(group.transform(along).mul_(part.decay))
        by_distance, (total,) = self._combined(by_distance, self.targets)
        forces, (of_w, of_offsets) = self._combined(part.slope, slope_blocks)
        energies = total.new_zeros(len(total))
        if part.energy is not None:
            along_query = (part.queries * forces).sum(1)
            energies = (part.energy @ w).sub_((along_query - of_offsets).mul_(self.term.kernel.gamma))
        return forces.add_(by_distance).addcmul_((total - of_w)[:, None], part.queries, value=-1), energies

    def _combined(
        self, factors: Float[Tensor, "A Q K"], blocks: Blocks
    ) -> tuple[Float[Tensor, "Q d"], tuple[Float[Tensor, "Q"], ...]]:
        """Σ_k factor · target, by character, and the same for the rows that were added to the targets."""
        first, *others = (factor @ block.T for factor, block in zip(factors, blocks, strict=True))
        size = self.term.group.sizes[0]
        return torch.cat([first[:, :size], *others], dim=1), first[:, size:].unbind(1)


def _with_rows(blocks: Blocks, rows: Float[Tensor, "R K"]) -> Blocks:
    """The blocks, with further rows in that of the trivial character."""
    return torch.cat([blocks[0], rows]), *blocks[1:]
