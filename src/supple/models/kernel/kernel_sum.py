"""The sum over training frames and permutations that is the model: four matrix products, and little between them.

    e(x) = Σ_j Σ_p [ d·v_j (5/(3σ²)) (1+q) e^{-q} + w_j k(q) ] ,   d = P_p x - x_j

In scaled descriptors y = (√5/σ) x, with u_j = v_j √5/(3σ), the factors of σ drop out:

    e = Σ slope (d·u_j) + w_j (slope + q²/3 decay)
    ∂e/∂x = (√5/σ) Σ_jp P_pᵀ [ slope u_j - (decay (d·u_j) + w_j slope/3) d ]

with q² = |y|² + |y_j|² - 2 y·y_j and d·u_j = y·u_j - y_j·u_j. The products run by characters of the group (characters.py):
8·R·M·D flops a geometry, R = P/a, where P permuted copies would take 8·P·M·D.

Chmiela et al., Nat. Commun. 9, 3887 (2018), doi 10.1038/s41467-018-06169-2, eqs. 2 and 3.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from supple.models.kernel.kernel import matern_factors, scale_of
from supple.molecule.symmetry.characters import Group

#: Size of one work array. On the CPU 2 MB, so that the handful of them stays in the last-level cache; more on a GPU, where
#: starting an operation takes as long as thousands of geometries.
_WORK, _WORK_ON_GPU = 250_000, 10_000_000


class KernelSum(nn.Module):
    """The sum with given weights, for many queries; it computes in the precision of its arrays.

    Args:
        x: training descriptors, shape (M, D), 1/Å, less a centre: small numbers have small rounding errors.
        v: their weights in descriptor space, shape (M, D).
        w: their weights as energies, shape (M,); none when None.
        sigma: length scale, 1/Å.
        group: of the permutations.
    """

    bias: Tensor
    w: Tensor | None

    def __init__(
        self,
        x: Float[Tensor, "M D"],
        v: Float[Tensor, "M D"],
        w: Float[Tensor, "M"] | None,
        sigma: float,
        group: Group,
    ) -> None:
        super().__init__()
        self.scale = scale_of(sigma)
        self.group = group
        y = group.to_basis(x) * self.scale
        u = group.to_basis(v) * (self.scale / 3)
        self.register_buffer("bias", -torch.cat([(y * y).sum(1) / 2, (y * u).sum(1)]), persistent=False)
        self.register_buffer("w", w, persistent=False)
        for i, block in enumerate(group.blocks(torch.cat([y, u]))):
            self.register_buffer(f"block{i}", block, persistent=False)

    @property
    def targets(self) -> tuple[Tensor, ...]:
        """Training descriptors y and weights u side by side, by character."""
        return tuple(getattr(self, f"block{i}") for i in range(self.group.n_characters))

    def forward(self, x: Float[Tensor, "B D"]) -> tuple[Float[Tensor, "B"], Float[Tensor, "B D"]]:
        """e, and its gradient by x; in double precision whatever the sum is done in."""
        queries = (x * self.scale).to(self.bias.dtype)
        work = _WORK if queries.device.type == "cpu" else _WORK_ON_GPU
        step = max(1, work // (self.group.n_characters * self.group.n_cosets * max(len(self.bias), 1)))
        parts = [self._part(part) for part in queries.split(step)]
        if len(parts) == 1:
            return parts[0]
        return torch.cat([energy for energy, _ in parts]), torch.cat([gradient for _, gradient in parts])

    def at_once(self, x: Float[Tensor, "B D"]) -> tuple[Float[Tensor, "B"], Float[Tensor, "B D"]]:
        """The same for all queries at once, whatever memory that takes: without branches that depend on their number."""
        return self._part((x * self.scale).to(self.bias.dtype))

    def _part(self, y: Float[Tensor, "B D"]) -> tuple[Float[Tensor, "B"], Float[Tensor, "B D"]]:
        m, targets = len(self.bias) // 2, self.targets
        queries = self.group.lift(y)  # (Q, D)
        products = self.group.products(queries, targets)  # (A, Q, 2M), first by character, then by permutation
        products[0] += self.bias
        dots, along = self.group.transform(products).split(m, dim=2)
        weights = torch.empty_like(products)
        decay, slope = weights.split(m, dim=2)
        squares = (queries * queries).sum(1, keepdim=True)
        q = matern_factors(dots.mul_(-2).add_(squares), slope, decay)
        energy = (slope * along).sum(2)
        if self.w is not None:
            energy += (q.square_().mul_(decay).div_(3).add_(slope)) @ self.w
        by_distance = decay.mul_(along)
        if self.w is not None:
            by_distance.addcmul_(slope, self.w, value=1 / 3)
        total = by_distance.sum(dim=(0, 2))
        gradient = self.group.combine(self.group.transform(weights), targets).sub_(total[:, None] * queries)
        energies = energy.view(self.group.n_characters, -1, self.group.n_cosets).sum(dim=(0, 2))
        return energies.double(), self.group.lower(gradient).double().mul_(self.scale)
