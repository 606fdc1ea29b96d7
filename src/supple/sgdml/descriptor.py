"""The descriptor of sGDML: inverse distances of all pairs, with its Jacobian and the action of permutations.

    x_d = 1 / r_ij   for the D = N(N-1)/2 pairs d = (i, j), i > j
    ∂x_d / ∂R_i = -(R_i - R_j) / r_ij³ = -∂x_d / ∂R_j      (each row of the Jacobian has six non-zeros)

Chmiela et al., Sci. Adv. 3, e1603015 (2017), doi 10.1126/sciadv.1603015.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor


class InverseDistances:
    """Inverse distances of all pairs of N atoms, in 1/Å."""

    def __init__(self, n_atoms: int) -> None:
        self.n_atoms = n_atoms
        self.first, self.second = torch.tril_indices(n_atoms, n_atoms, offset=-1)

    @property
    def size(self) -> int:
        """D, the number of entries."""
        return len(self.first)

    def __call__(self, positions: Float[Tensor, "B N 3"]) -> Float[Tensor, "B D"]:
        """The descriptor of B geometries."""
        return 1.0 / (positions[:, self.first] - positions[:, self.second]).norm(dim=-1)

    def slopes(self, positions: Float[Tensor, "B N 3"]) -> Float[Tensor, "B D 3"]:
        """∂x_d/∂R_i for the first atom i of each pair; that of the second atom is its negative."""
        apart = positions[:, self.first] - positions[:, self.second]
        return -apart / apart.norm(dim=-1, keepdim=True) ** 3

    def jacobian(self, positions: Float[Tensor, "B N 3"]) -> Float[Tensor, "B D C"]:
        """The dense Jacobian; C = 3N."""
        slopes = self.slopes(positions)
        dense = slopes.new_zeros(len(positions), self.size, self.n_atoms, 3)
        rows = torch.arange(self.size)
        dense[:, rows, self.first] = slopes
        dense[:, rows, self.second] = -slopes
        return dense.flatten(2)

    def pull_back(self, positions: Float[Tensor, "B N 3"], gradient: Float[Tensor, "B D"]) -> Float[Tensor, "B N 3"]:
        """Jᵀ g: a gradient by the descriptor turned into one by the positions."""
        terms = self.slopes(positions) * gradient[:, :, None]
        first, second = self.first.to(terms.device), self.second.to(terms.device)
        return torch.zeros_like(positions).index_add_(1, first, terms).index_add_(1, second, terms, alpha=-1.0)

    def action(self, permutations: Int[Tensor, "P N"]) -> Int[Tensor, "P D"]:
        """For each atom permutation the one of the descriptor: x(R[perm]) = x(R)[action]."""
        n = self.n_atoms
        index = torch.zeros(n, n, dtype=torch.int64)
        index[self.first, self.second] = index[self.second, self.first] = torch.arange(self.size)
        return index[permutations[:, self.first], permutations[:, self.second]]
