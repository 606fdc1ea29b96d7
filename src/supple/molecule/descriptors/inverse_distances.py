"""Inverse distances, the descriptor of sGDML, with derivatives in closed form.

    x_d = 1 / r_ij   for the D = N(N-1)/2 pairs d = (i, j), i > j, or some of them
    ∂x_d / ∂R_i = -(R_i - R_j) / r_ij³ = -∂x_d / ∂R_j      (each row of the Jacobian has six non-zeros)

Chmiela et al., Sci. Adv. 3, e1603015 (2017), doi 10.1126/sciadv.1603015.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from supple.molecule.descriptors.base import Descriptor, DescriptorKind


class InverseDistances(Descriptor):
    """Inverse distances of pairs of N atoms, in 1/Å.

    Args:
        n_atoms: N.
        pairs: the pairs that are entries; all when None.
    """

    first: Tensor
    second: Tensor
    incidence: Tensor

    def __init__(self, n_atoms: int, pairs: Sequence[Sequence[int]] | None = None) -> None:
        super().__init__()
        self.all_pairs = pairs is None
        self.n_atoms = n_atoms
        chosen = torch.tensor(pairs).T if pairs is not None else torch.tril_indices(n_atoms, n_atoms, offset=-1)
        first, second = chosen
        self.entries = tuple(zip(first.tolist(), second.tolist(), strict=True))
        incidence = torch.zeros(len(first), n_atoms, dtype=torch.float64)
        incidence[range(len(first)), first], incidence[range(len(first)), second] = 1, -1
        for name, array in (("first", first), ("second", second), ("incidence", incidence)):
            self.register_buffer(name, array, persistent=False)

    def configuration(self) -> dict[str, Any]:
        """The pairs, unless all pairs are entries."""
        return {} if self.all_pairs else {"pairs": self.entries}

    def forward(self, positions: Float[Tensor, "B N 3"]) -> Float[Tensor, "B D"]:
        """1/r of each pair."""
        return self.linearise(positions)[0]

    def linearise(
        self, positions: Float[Tensor, "B N 3"]
    ) -> tuple[Float[Tensor, "B D"], Callable[[Float[Tensor, "B D"]], Float[Tensor, "B N 3"]]]:
        """The descriptor, and Jᵀ in closed form."""
        vectors = self.incidence @ positions  # few large operations: their number decides what a single geometry costs
        x = (vectors * vectors).sum(-1).rsqrt()

        def pull_back(gradient: Float[Tensor, "B D"]) -> Float[Tensor, "B N 3"]:
            return self.incidence.T @ (vectors * (gradient * x**3).neg_()[:, :, None])

        return x, pull_back

    def jacobian(self, positions: Float[Tensor, "B N 3"]) -> Float[Tensor, "B D C"]:
        """The dense Jacobian in closed form; C = 3N."""
        vectors = self.incidence @ positions
        slopes = -vectors / vectors.norm(dim=-1, keepdim=True) ** 3
        dense = slopes.new_zeros(len(positions), self.size, self.n_atoms, 3)
        rows = torch.arange(self.size, device=slopes.device)
        dense[:, rows, self.first] = slopes
        dense[:, rows, self.second] = -slopes
        return dense.flatten(2)


def restore_inverse_distances(n_atoms: int, configuration: dict[str, Any]) -> InverseDistances:
    """The descriptor of this configuration."""
    return InverseDistances(n_atoms, **configuration)


INVERSE_DISTANCES = DescriptorKind(
    lambda numbers, positions, permutations: InverseDistances(len(numbers)), restore_inverse_distances
)
