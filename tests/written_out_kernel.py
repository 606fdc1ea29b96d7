"""The kernel between two geometries by its definition, in double loops that nobody would want to wait for: what everything is tested against.

    k(x, x') = Σ_t c_t / n_t Σ_p Σ_p' matern(|W_t (x[p] - x'[p'])| over the entries of environment t)

with all permutations p and p' of either geometry, and n_t of them that take the environment to itself: so each pair of
environments counts as often as there are permutations of one of them.
"""

from dataclasses import dataclass

import torch

from supple.models.kernel.matern import matern
from supple.models.kernel.molecular_kernel import MolecularKernel, TermParts

FUNCTIONS = ("matern-5/2", "matern-7/2")
#: √(2ν); the polynomial before e^{-q}; and -dk/dq² at 0, where q has no derivative.
_FORMS = {
    "matern-5/2": (5**0.5, (1.0, 1.0, 1 / 3), 1 / 6),
    "matern-7/2": (7**0.5, (1.0, 1.0, 2 / 5, 1 / 15), 1 / 10),
}


def closed_form(function, squared):
    """The kernel of squared distances in units of the length scale (Rasmussen and Williams, eqs. 4.16 and 4.17), also at 0."""
    scale, polynomial, slope = _FORMS[function]
    s = scale**2 * squared
    apart = s > 0
    q = torch.where(apart, s, 1.0).sqrt()
    value = sum(factor * q**k for k, factor in enumerate(polynomial)) * torch.exp(-q)
    return torch.where(apart, value, 1 - slope * s)


@dataclass
class WrittenOut:
    """A kernel by its definition.

    Attributes:
        function: its name.
        weights: shape (K, D).
        parts: of the terms.
        action: of the permutations, shape (P, D).
    """

    function: str
    weights: torch.Tensor
    parts: list[TermParts]
    action: torch.Tensor

    def __call__(self, x, y):
        """k(x, x') of descriptors, shapes (D,) each, or (..., D) for several."""
        return sum(self._term(part, x, y) for part in self.parts)

    def _term(self, part, x, y):
        entries = torch.arange(self.action.shape[1]) if part.entries is None else torch.tensor(part.entries)
        images = self.action[:, entries]
        stay = int((images.sort(dim=1).values == entries.sort().values).all(dim=1).sum())
        # Weights are those of the entries: where these go, they go.
        a, b = (one[..., images] * self.weights[part.weights][images] for one in (x, y))
        squared = ((a[..., :, None, :] - b[..., None, :, :]) ** 2).sum(-1)
        return part.coefficient / stay * closed_form(self.function, squared).sum((-2, -1))

    def energies(self, x, targets, v, w):
        """Σ_j v_j·∂k/∂x_j + w_j k of descriptors x, shape (B, D), and training descriptors x_j; differentiable by x."""
        targets = targets.clone().requires_grad_()
        value = self(x[:, None], targets)  # (B, M)
        ones = torch.ones_like(value, requires_grad=True)
        (by_targets,) = torch.autograd.grad(value, targets, ones, create_graph=True)
        # Σ_bj u_b v_j·∂k_bj/∂x_j, differentiated by u_b.
        (along,) = torch.autograd.grad((by_targets * v).sum(), ones, create_graph=True)
        return (along + value * w).sum(1)

    def kernel(self):
        """The same as the program has it."""
        return MolecularKernel(matern(self.function), self.weights, self.parts, self.action)


def symmetric_weights(action, n_rows=1, seed=0, low=0.3, high=1.2):
    """Random weights, the same for all entries that a permutation exchanges."""
    random = torch.rand(n_rows, action.shape[1], generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return (low + (high - low) * random)[:, action.min(dim=0).values]


def pairs_within(n_atoms, atoms):
    """The places, among the inverse distances of all pairs, of those within some atoms; in no particular order."""
    from supple.molecule.descriptors import InverseDistances

    entries = InverseDistances(n_atoms).entries
    return tuple(reversed([d for d, pair in enumerate(entries) if set(pair) <= set(atoms)]))
