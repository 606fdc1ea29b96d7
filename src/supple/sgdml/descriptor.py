"""The descriptor of sGDML: inverse distances of all pairs, with its Jacobian and the action of permutations.

    x_d = 1 / r_ij   for the D = N(N-1)/2 pairs d = (i, j), i > j
    ∂x_d / ∂R_i = -(R_i - R_j) / r_ij³ = -∂x_d / ∂R_j      (each row of the Jacobian has six non-zeros)

Chmiela et al., Sci. Adv. 3, e1603015 (2017), doi 10.1126/sciadv.1603015.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn


class InverseDistances(nn.Module):
    """Inverse distances of all pairs of N atoms, in 1/Å."""

    first: Tensor
    second: Tensor
    incidence: Tensor

    def __init__(self, n_atoms: int) -> None:
        super().__init__()
        self.n_atoms = n_atoms
        first, second = torch.tril_indices(n_atoms, n_atoms, offset=-1)
        incidence = torch.zeros(len(first), n_atoms, dtype=torch.float64)
        incidence[range(len(first)), first], incidence[range(len(first)), second] = 1, -1
        for name, array in (("first", first), ("second", second), ("incidence", incidence)):
            self.register_buffer(name, array, persistent=False)

    @property
    def size(self) -> int:
        """D, the number of entries."""
        return len(self.first)

    def forward(self, positions: Float[Tensor, "B N 3"]) -> Float[Tensor, "B D"]:
        """The descriptor of B geometries."""
        return self.linearise(positions)[0]

    def linearise(
        self, positions: Float[Tensor, "B N 3"]
    ) -> tuple[Float[Tensor, "B D"], Callable[[Float[Tensor, "B D"]], Float[Tensor, "B N 3"]]]:
        """The descriptor, and Jᵀ: a function that turns gradients by it into gradients by the positions."""
        apart = self.incidence @ positions  # few large operations: one geometry costs little more than their number
        x = (apart * apart).sum(-1).rsqrt_()

        def pull_back(gradient: Float[Tensor, "B D"]) -> Float[Tensor, "B N 3"]:
            return self.incidence.T @ (apart * (gradient * x**3).neg_()[:, :, None])

        return x, pull_back

    def jacobian(self, positions: Float[Tensor, "B N 3"]) -> Float[Tensor, "B D C"]:
        """The dense Jacobian; C = 3N."""
        apart = self.incidence @ positions
        slopes = -apart / apart.norm(dim=-1, keepdim=True) ** 3
        dense = slopes.new_zeros(len(positions), self.size, self.n_atoms, 3)
        rows = torch.arange(self.size, device=slopes.device)
        dense[:, rows, self.first] = slopes
        dense[:, rows, self.second] = -slopes
        return dense.flatten(2)

    def action(self, permutations: Int[Tensor, "P N"]) -> Int[Tensor, "P D"]:
        """For each atom permutation the one of the descriptor: x(R[perm]) = x(R)[action]."""
        n = self.n_atoms
        index = torch.zeros(n, n, dtype=torch.int64)
        first, second = self.first.cpu(), self.second.cpu()
        index[first, second] = index[second, first] = torch.arange(self.size)
        return index[permutations[:, first], permutations[:, second]]
