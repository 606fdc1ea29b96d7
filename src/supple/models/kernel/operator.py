"""K β without K: the kernel matrix of the training frames applied to a vector.

The sums of system.py over the group may permute the query, as in the predictor, and the same matrix products by characters
do the work. Distances and exponentials do not change from one vector to the next: slope, by character, and decay, by
permutation, are kept, 2·P·M² numbers. What remains are three products, 6·R·M²·D flops, R = P/a (characters.py): d·v, and

    Σ_j c_j d = (Σ_j c_j) P_p y_i - Σ_j c_j y_j .

The sum over p of c is its trivial character. Frames whose energies are learned have no operator: an energy is all but
determined by the forces, which the preconditioner does not capture, so iteration would take thousands of steps.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from supple.models.kernel.kernel import matern_factors, scale_of
from supple.models.kernel.system import KernelFrames

#: Size of one work array: a few MB, so that the handful of them stays in the cache.
_WORK = 500_000


class _Part(NamedTuple):
    """Factors of some queries: slope by character, decay by permutation."""

    queries: Float[Tensor, "Q D"]
    slope: Float[Tensor, "A Q M"]
    decay: Float[Tensor, "A Q M"]


class KernelOperator:
    """The matrix K of some rows, applied to vectors; n = M·W.

    Args:
        frames: all training frames, their forces alone.
        sigma: length scale.
        rows: the frames whose rows of the result are computed; all by default.
    """

    def __init__(self, frames: KernelFrames, sigma: float, rows: range | None = None) -> None:
        self.frames = frames
        self.rows = range(len(frames)) if rows is None else rows
        self.group = frames.group
        self.scale = scale_of(sigma)
        y = frames.centred * self.scale
        self.y = self.group.to_basis(y)
        self.targets = self.group.blocks(self.y)
        queries = self.group.lift(y[self.rows.start : self.rows.stop])
        step = max(1, _WORK // (len(frames) * self.group.n_characters))
        self.parts = [self._prepare(part) for part in queries.split(step)]

    @staticmethod
    def n_bytes(n_frames: int, n_permutations: int, n_descriptor: int) -> int:
        """Memory (bytes) of the factors."""
        return 8 * n_permutations * n_frames * (2 * n_frames + n_descriptor)

    def _prepare(self, queries: Float[Tensor, "Q D"]) -> _Part:
        products = self.group.products(queries, self.targets)
        products[0] -= (self.y**2).sum(1) / 2
        squared = self.group.transform(products).mul_(-2).add_((queries**2).sum(1, keepdim=True))
        slope, decay = torch.empty_like(squared), torch.empty_like(squared)
        matern_factors(squared, slope, decay)
        return _Part(queries, self.group.transform(slope), decay)

    def __call__(self, weights: Float[Tensor, "n"]) -> Float[Tensor, "m"]:
        """K β, for these rows."""
        v, _ = self.frames.sources(weights)
        v = self.group.to_basis(v)
        offsets = (self.y * v).sum(1)
        blocks = self.group.blocks(v)
        gradients = torch.cat([self._apply(part, blocks, offsets) for part in self.parts])
        forces = self.group.lower(gradients).mul_(self.scale**2 / 3)
        return self.frames.rows(forces[:, :, None], None, slice(self.rows.start, self.rows.stop)).flatten()

    def _apply(
        self, part: _Part, blocks: tuple[Float[Tensor, "_ M"], ...], offsets: Float[Tensor, "M"]
    ) -> Float[Tensor, "Q D"]:
        along = self.group.products(part.queries, blocks)
        along[0] -= offsets
        by_distance = self.group.transform(self.group.transform(along).mul_(part.decay))
        total = by_distance[0].sum(1, keepdim=True)
        forces = self.group.combine(part.slope, blocks).add_(self.group.combine(by_distance, self.targets))
        return forces.addcmul_(total, part.queries, value=-1)
