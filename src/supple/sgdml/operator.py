"""K β without K: the kernel matrix of the training frames applied to a vector.

The sum over the group may permute the query, as in the predictor, and the same four matrix products do the work:

    (K β)_i = G_iᵀ Σ_p P_pᵀ Σ_j [ slope_ijp v_j - bend_ijp (d_ijp·v_j) d_ijp ] ,   v_j = G_j β_j ,   d = P_p x_i - x_j

Distances and exponentials do not change from one vector to the next: slope and bend, 2·P·M² numbers, are kept. What is
left are three products, 6·P·M²·D flops: d·v = P_p x_i·v_j - x_j·v_j, and Σ_j w_j d = (Σ_j w_j) P_p x_i - Σ_j w_j x_j.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from supple.sgdml.kernel import matern_factors
from supple.sgdml.system import Frames

#: Entries of one (queries, M) work array: a few MB, so that the handful of them stays in the cache.
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
        n_permutations = len(frames.action)
        # The centre must be the same after any permutation, so that d does not feel it.
        centre = frames.x.mean(dim=0)[frames.action].mean(dim=0)
        self.x = frames.x - centre
        self.query = self.x[self.rows.start : self.rows.stop, frames.action].flatten(0, 1)  # (I·P, D)
        self.step = max(n_permutations, _WORK // len(frames) // n_permutations * n_permutations)
        self.factors = [self._factors(query, sigma) for query in self.query.split(self.step)]

    @staticmethod
    def n_bytes(n_frames: int, n_permutations: int, n_descriptor: int) -> int:
        """Bytes that it keeps."""
        return 8 * n_permutations * n_frames * (2 * n_frames + n_descriptor)

    def _factors(self, query: Float[Tensor, "Q D"], sigma: float) -> tuple[Float[Tensor, "Q M"], Float[Tensor, "Q M"]]:
        squared = torch.addmm((self.x**2).sum(1), query, self.x.T, alpha=-2).add_((query**2).sum(1, keepdim=True))
        return matern_factors(squared, sigma)

    def __call__(self, weights: Float[Tensor, "n"]) -> Float[Tensor, "m"]:
        """K β, of the rows that are wanted."""
        v = self.frames.to_descriptor(weights.view(len(self.frames), -1))
        offsets = (self.x * v).sum(1)
        parts = []
        for query, (slope, bend) in zip(self.query.split(self.step), self.factors, strict=True):
            along = torch.addmm(-offsets, query, v.T).mul_(bend)
            parts.append((slope @ v).addmm_(along, self.x).sub_(along.sum(1, keepdim=True) * query))
        action = self.frames.action
        gradient = torch.cat(parts).view(len(self.rows), len(action), -1)
        total = torch.zeros_like(gradient).scatter_(2, action.expand(len(self.rows), -1, -1), gradient).sum(1)
        g = self.frames.g[self.rows.start : self.rows.stop]
        return torch.einsum("mdv,md->mv", g, total).flatten()
