"""TermVariance: how little a few environments of the training frames say about those of a geometry, by one term of the kernel.

Taken alone, a term is a Gaussian process for a function of an environment. With its values at m environments known, what remains of
the variance is

    v(y) = 1 - k_yᵀ K⁻¹ k_y / k(y, y)        k_y: between y and those environments, K: among them,

all kernels summed over the permutations of the term. The m environments are pivots of a Cholesky factorisation, each the one of which
those before it say least: the most informative ones, of however many frames there are.

Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), eq. 2.26; Foster et al., J. Mach. Learn. Res. 10, 857 (2009), on pivots.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from supple.models.kernel.term import KernelTerm

#: Most environments that are taken.
MOST_PIVOTS = 128
#: What remains of the variance, relative to its mean, where no more environments are taken, and what is added to the diagonal.
_SMALLEST = 1e-9
#: Below this, v is rounding errors.
SMALLEST_VARIANCE = 1e-12


class TermVariance(nn.Module):
    """The remaining variance of one term.

    Args:
        term: of the kernel.
        x: descriptors of frames, less the centre.
        pivots: environments of these frames, as rows of `KernelTerm.targets`, shape (m,).
    """

    squares: Tensor
    inverse_factor: Tensor

    def __init__(self, term: KernelTerm, x: Float[Tensor, "M D"], pivots: Int[Tensor, "m"]) -> None:
        super().__init__()
        self.term = term
        y = term.targets(x)[pivots]
        self.register_buffer("squares", (y * y).sum(1), persistent=False)
        for i, block in enumerate(term.group.blocks(y)):
            self.register_buffer(f"block{i}", block, persistent=False)
        gram = between(term, _own_queries(term, x, pivots), self.blocks, self.squares)
        gram = (gram + gram.T) / 2
        eye = torch.eye(len(gram), dtype=gram.dtype, device=gram.device)
        factor = torch.linalg.cholesky(gram + _SMALLEST * gram.diagonal().mean() * eye)
        inverse = torch.linalg.solve_triangular(factor, eye, upper=False)
        self.register_buffer("inverse_factor", inverse.T.contiguous(), persistent=False)

    @property
    def blocks(self) -> tuple[Tensor, ...]:
        """The environments, by character."""
        return tuple(getattr(self, f"block{i}") for i in range(self.term.group.n_characters))

    def forward(self, x: Float[Tensor, "B D"]) -> Float[Tensor, "B E"]:
        """V of each environment of B descriptors less the centre; between `SMALLEST_VARIANCE` and 1."""
        term = self.term
        queries = term.lift(x)
        explained = (between(term, queries, self.blocks, self.squares) @ self.inverse_factor).square_().sum(1)
        remaining = 1 - explained / with_itself(term, queries, x)
        return remaining.clamp_(SMALLEST_VARIANCE, 1.0).view(len(x), term.n_environments)


def choose_pivots(term: KernelTerm, x: Float[Tensor, "M D"], most: int = MOST_PIVOTS) -> Int[Tensor, "m"]:
    """The most informative environments of frames, by a pivoted Cholesky factorisation that computes no more than their columns."""
    y = term.targets(x)
    squares, blocks = (y * y).sum(1), term.group.blocks(y)
    remaining = with_itself(term, term.lift(x), x)
    limit = _SMALLEST * float(remaining.mean())
    factor = remaining.new_zeros(len(remaining), min(most, len(remaining)))
    pivots: list[int] = []
    for k in range(factor.shape[1]):
        pivot = int(remaining.argmax())
        left = float(remaining[pivot])
        if left <= limit:
            break
        query = _own_queries(term, x, torch.tensor([pivot], device=x.device))
        column = between(term, query, blocks, squares)[0] - factor[:, :k] @ factor[pivot, :k]
        factor[:, k] = column / left**0.5
        remaining = (remaining - factor[:, k] ** 2).clamp_(min=0)
        remaining[pivot] = 0.0
        pivots.append(pivot)
    return torch.tensor(pivots, dtype=torch.int64, device=x.device)


def between(
    term: KernelTerm,
    queries: Float[Tensor, "Q d"],
    blocks: tuple[Float[Tensor, "_ m"], ...],
    squares: Float[Tensor, "m"],
) -> Float[Tensor, "I m"]:
    """The kernel between environments and others, summed over all permutations.

    Args:
        term: of the kernel.
        queries: all cosets of I environments, one environment after the other.
        blocks, squares: the others by character, and their squared lengths.
    """
    products = term.group.transform(term.group.products(queries, blocks))
    distances = products.mul_(-2).add_((queries * queries).sum(1, keepdim=True)).add_(squares)
    values = term.kernel.values(distances).sum(0)
    return values.view(-1, term.group.n_cosets, len(squares)).sum(1)


def with_itself(term: KernelTerm, queries: Float[Tensor, "Q d"], x: Float[Tensor, "B D"]) -> Float[Tensor, "I"]:
    """The kernel between each environment of B descriptors and itself, summed over all permutations."""
    group = term.group
    y = term.targets(x)
    products = queries.view(len(y), group.n_cosets, term.size) * y[:, None]
    by_character = torch.stack([part.sum(2) for part in products.split(group.sizes, 2)])
    dots = group.transform(by_character.flatten(1)).view(-1, len(y), group.n_cosets)
    distances = dots.mul_(-2).add_(2 * (y * y).sum(1)[:, None])
    return term.kernel.values(distances).sum((0, 2))


def _own_queries(term: KernelTerm, x: Float[Tensor, "M D"], environments: Int[Tensor, "m"]) -> Float[Tensor, "Q d"]:
    """All cosets of some environments, rows of `KernelTerm.targets`."""
    frames, own = environments // term.n_environments, environments % term.n_environments
    queries = term.lift(x[frames]).view(len(frames), term.n_environments, term.group.n_cosets, term.size)
    return queries[torch.arange(len(frames), device=x.device), own].flatten(0, 1)
