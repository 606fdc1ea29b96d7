"""K β without K: the kernel matrix of the training frames applied to a vector.

The sum over the group may permute the query, as in the predictor, and the same matrix products by characters do the work:

    (K β)_i = (5/(3σ²)) G_iᵀ Σ_p P_pᵀ Σ_j [ slope_ijp v_j - decay_ijp (d_ijp·v_j) d_ijp ] ,   v_j = G_j β_j ,   d = P_p y_i - y_j

in scaled descriptors y. Distances and exponentials do not change from one vector to the next: slope, by character, and decay,
by permutation, are kept, 2·P·M² numbers. What is left are three products, 6·R·M²·D flops, R = P/a (group.py): d·v, and
Σ_j w_j d = (Σ_j w_j) P_p y_i - Σ_j w_j y_j.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from supple.sgdml.kernel import matern_factors, scale_of
from supple.sgdml.system import Frames

#: Numbers of one work array: a few MB, so that the handful of them stays in the cache.
_WORK = 500_000


class KernelOperator:
    """The matrix K of some rows, applied to vectors; n = M·V.

    Args:
        frames: all training frames.
        sigma: length scale.
        rows: the frames whose part of the result is wanted; all by default.
    """

    def __init__(self, frames: Frames, sigma: float, rows: range | None = None) -> None:
        self.frames = frames
        self.rows = range(len(frames)) if rows is None else rows
        self.group = frames.group
        self.scale = scale_of(sigma)
        y = frames.centred * self.scale
        self.y = self.group.to_basis(y)
        self.targets = self.group.blocks(self.y)
        self.queries = self.group.lift(y[self.rows.start : self.rows.stop])  # (Q, D)
        step = max(1, _WORK // (len(frames) * self.group.n_characters))
        self.parts = [(queries, *self._factors(queries)) for queries in self.queries.split(step)]

    @staticmethod
    def n_bytes(n_frames: int, n_permutations: int, n_descriptor: int) -> int:
        """Bytes that it keeps."""
        return 8 * n_permutations * n_frames * (2 * n_frames + n_descriptor)

    def _factors(self, queries: Float[Tensor, "Q D"]) -> tuple[Float[Tensor, "A Q M"], Float[Tensor, "A Q M"]]:
        products = self.group.products(queries, self.targets)
        products[0] -= (self.y**2).sum(1) / 2
        squared = self.group.transform(products).mul_(-2).add_((queries**2).sum(1, keepdim=True))
        slope, decay = torch.empty_like(squared), torch.empty_like(squared)
        matern_factors(squared, slope, decay)
        return self.group.transform(slope), decay

    def __call__(self, weights: Float[Tensor, "n"]) -> Float[Tensor, "m"]:
        """K β, of the rows that are wanted."""
        v = self.group.to_basis(self.frames.to_descriptor(weights.view(len(self.frames), -1)))
        offsets = (self.y * v).sum(1)
        blocks = self.group.blocks(v)
        gradients = torch.cat([self._part(*part, blocks, offsets) for part in self.parts])
        total = self.group.lower(gradients).mul_(self.scale**2 / 3)
        return self.frames.from_descriptor(total, self.rows).flatten()

    def _part(
        self,
        queries: Float[Tensor, "Q D"],
        slope: Float[Tensor, "A Q M"],
        decay: Float[Tensor, "A Q M"],
        blocks: tuple[Float[Tensor, "_ M"], ...],
        offsets: Float[Tensor, "M"],
    ) -> Float[Tensor, "Q D"]:
        along = self.group.products(queries, blocks)
        along[0] -= offsets
        along = self.group.transform(along).mul_(decay)
        total = along.sum(dim=(0, 2))
        gradient = self.group.combine(slope, blocks).add_(self.group.combine(self.group.transform(along), self.targets))
        return gradient.sub_(total[:, None] * queries)
