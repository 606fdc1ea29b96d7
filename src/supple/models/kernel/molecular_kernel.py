"""MolecularKernel: the kernel between two geometries of a molecule, a sum of terms (term.py)."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from supple.models.kernel.matern import MATERN_5_2, Matern, matern
from supple.models.kernel.term import KernelTerm


@dataclass(frozen=True)
class TermParts:
    """What a term is made of, besides the weights.

    Attributes:
        coefficient: c.
        weights: which row of the weights it uses.
        entries: of its environment; all when None.
    """

    coefficient: float
    weights: int = 0
    entries: tuple[int, ...] | None = None


class MolecularKernel(nn.Module):
    """The kernel of a molecule.

    Args:
        kernel: the function of the distance.
        weights: of the descriptor's entries, shape (K, D), in units in which they are compared (an inverse length scale each).
        parts: of the terms.
        action: of the permutations on the descriptor, a group.

    Attributes:
        terms: in the order of the parts.
        action: as given.
    """

    weights: Tensor

    def __init__(
        self, kernel: Matern, weights: Float[Tensor, "K D"], parts: Sequence[TermParts], action: Int[Tensor, "P D"]
    ) -> None:
        super().__init__()
        self.function, self.parts, self.action = kernel, tuple(parts), action
        self.register_buffer("weights", weights)
        self._terms = nn.ModuleList(
            KernelTerm(kernel, part.coefficient, weights[part.weights], action, part.entries) for part in parts
        )

    @classmethod
    def uniform(cls, sigma: float, action: Int[Tensor, "P D"], kernel: Matern = MATERN_5_2) -> MolecularKernel:
        """One length scale for the whole descriptor, as in the sGDML package."""
        weights = torch.full((1, action.shape[1]), 1 / sigma, dtype=torch.float64)
        return cls(kernel, weights, [TermParts(1.0)], action)

    @property
    def terms(self) -> list[KernelTerm]:
        """The terms."""
        return [term for term in self._terms if isinstance(term, KernelTerm)]

    @property
    def sigma(self) -> float | None:
        """The length scale, if there is only one for everything."""
        first = self.weights.flatten()[0]
        alone = len(self.parts) == 1 and self.parts[0] == TermParts(1.0)
        return float(1 / first) if alone and bool((self.weights == first).all()) else None

    def stretched(self, factor: float) -> MolecularKernel:
        """The same with all length scales so many times as long."""
        return MolecularKernel(self.function, self.weights / factor, self.parts, self.action)

    def on(self, device: torch.device) -> MolecularKernel:
        """The same with its arrays on a device; this one stays where it is."""
        return self if self.weights.device == device else copy.deepcopy(self).to(device)

    def configuration(self) -> dict[str, Any]:
        """All but the weights, as JSON."""
        terms = [{"coefficient": p.coefficient, "weights": p.weights, "entries": p.entries} for p in self.parts]
        return {"function": self.function.name, "terms": terms}

    @classmethod
    def from_configuration(
        cls, configuration: Mapping[str, Any], weights: Float[Tensor, "K D"], action: Int[Tensor, "P D"]
    ) -> MolecularKernel:
        """The kernel of a configuration that has been checked."""
        parts = [
            TermParts(term["coefficient"], term["weights"], None if term["entries"] is None else tuple(term["entries"]))
            for term in configuration["terms"]
        ]
        return cls(matern(configuration["function"]), weights, parts, action)
