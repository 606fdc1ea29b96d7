"""The sum over training frames and permutations that is the model: four matrix products, and little between them.

    e(x) = c Σ_e Σ_j [ γ slope d·v_j + w_j (slope + γ q² decay) ] ,   d = y_e(x) - y_j

over the queries e of x (environments and permutations) and the environments j of the training frames (term.py), in scaled
descriptors. With u_j = c γ v_j and c in w_j,

    e = Σ slope (d·u_j) + w_j (slope + γ q² decay)
    ∂e/∂y_e = Σ_j slope u_j - (decay (d·u_j) + γ w_j slope) d

with q² = |y|² + |y_j|² - 2 y·y_j and d·u_j = y·u_j - y_j·u_j. The products run by characters of the group (characters.py):
8·R·M·D flops a geometry, R = P/a, where P permuted copies would take 8·P·M·D.

Chmiela et al., Nat. Commun. 9, 3887 (2018), doi 10.1038/s41467-018-06169-2, eqs. 2 and 3.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from supple.models.kernel.term import KernelTerm

#: Size of one work array. On the CPU 2 MB, so that the handful of them stays in the last-level cache; more on a GPU, where
#: starting an operation takes as long as thousands of geometries.
_WORK, _WORK_ON_GPU = 250_000, 10_000_000


class KernelSum(nn.Module):
    """The sum of one term with given weights, for many queries; it computes in the precision of its arrays.

    Args:
        term: of the kernel.
        x: training descriptors, shape (M, D), less a centre: small numbers have small rounding errors.
        v: their weights in descriptor space, shape (M, D).
        w: their weights as energies, shape (M,); none when None.
    """

    bias: Tensor
    w: Tensor | None

    def __init__(
        self, term: KernelTerm, x: Float[Tensor, "M D"], v: Float[Tensor, "M D"], w: Float[Tensor, "M"] | None
    ) -> None:
        super().__init__()
        self.term = term
        y, u = term.targets(x), term.targets(v).mul_(term.amplitude * term.kernel.gamma)
        self.register_buffer("bias", -torch.cat([(y * y).sum(1) / 2, (y * u).sum(1)]), persistent=False)
        scaled = None if w is None else term.per_environment(w) * term.amplitude
        self.register_buffer("w", scaled, persistent=False)
        for i, block in enumerate(term.group.blocks(torch.cat([y, u]))):
            self.register_buffer(f"block{i}", block, persistent=False)

    @property
    def targets(self) -> tuple[Tensor, ...]:
        """Training descriptors y and weights u side by side, by character."""
        return tuple(getattr(self, f"block{i}") for i in range(self.term.group.n_characters))

    def forward(self, x: Float[Tensor, "B D"]) -> tuple[Float[Tensor, "B"], Float[Tensor, "B D"]]:
        """e, and its gradient by x; in double precision whatever the sum is done in."""
        work = _WORK if x.device.type == "cpu" else _WORK_ON_GPU
        step = max(1, work // (self.term.group.n_characters * self.term.n_queries * max(len(self.bias), 1)))
        parts = [self.at_once(part) for part in x.split(step)]
        if len(parts) == 1:
            return parts[0]
        return torch.cat([energy for energy, _ in parts]), torch.cat([gradient for _, gradient in parts])

    def at_once(self, x: Float[Tensor, "B D"]) -> tuple[Float[Tensor, "B"], Float[Tensor, "B D"]]:
        """The same for all queries at once, whatever memory that takes: without branches that depend on their number."""
        m, targets, group, gamma = len(self.bias) // 2, self.targets, self.term.group, self.term.kernel.gamma
        queries = self.term.lift(x.to(self.bias.dtype))  # (Q, d)
        products = group.products(queries, targets)  # (A, Q, 2K), first by character, then by permutation
        products[0] += self.bias
        dots, along = group.transform(products).split(m, dim=2)
        weights = torch.empty_like(products)
        decay, slope = weights.split(m, dim=2)
        squares = (queries * queries).sum(1, keepdim=True)
        q = self.term.kernel.factors(dots.mul_(-2).add_(squares), slope, decay)
        energy = (slope * along).sum(2)
        if self.w is not None:
            energy += (q.square_().mul_(decay).mul_(gamma).add_(slope)) @ self.w
        by_distance = decay.mul_(along)
        if self.w is not None:
            by_distance.addcmul_(slope, self.w, value=gamma)
        total = by_distance.sum(dim=(0, 2))
        gradient = group.combine(group.transform(weights), targets).sub_(total[:, None] * queries)
        energies = energy.view(group.n_characters, -1, self.term.n_queries).sum(dim=(0, 2))
        return energies.double(), self.term.lower(gradient).double()


def kernel_sums(modules: nn.ModuleList) -> list[KernelSum]:
    """The terms' sums that a module holds."""
    return [module for module in modules if isinstance(module, KernelSum)]


def total(
    parts: Iterable[tuple[Float[Tensor, "B"], Float[Tensor, "B D"]]],
) -> tuple[Float[Tensor, "B"], Float[Tensor, "B D"]]:
    """The sum over terms of e and of its gradient."""
    (energies, gradients), *others = parts
    for energy, gradient in others:
        energies, gradients = energies + energy, gradients + gradient
    return energies, gradients
