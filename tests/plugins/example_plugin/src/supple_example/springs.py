"""A model: springs between all pairs of atoms, fitted to forces by linear least squares.

E = Σ_pairs (a r² + b r) + c ,   F = -∇E     (linear in a and b)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from pydantic import Field, NonNegativeFloat
from torch import Tensor, nn

from supple.data.dataset import Dataset
from supple.models.cost_estimate import PROCESS_BYTES, CostEstimate
from supple.models.potential import Potential
from supple.models.settings import FitContext, FitResult, ModelSettings


def _bases(positions: Tensor) -> tuple[Tensor, Tensor]:
    """Of B geometries: r² and r of the K pairs, shape (B, 2K), and minus their gradients, shape (B, 2K, N, 3)."""
    n = positions.shape[1]
    first, second = torch.triu_indices(n, n, 1, device=positions.device)
    displacements = positions[:, first] - positions[:, second]
    r = displacements.norm(dim=-1)
    slopes = torch.cat([2 * displacements, displacements / r[..., None]], dim=1)
    pairs = torch.arange(2 * len(first), device=positions.device)
    forces = positions.new_zeros(len(positions), len(pairs), n, 3)
    forces[:, pairs, first.repeat(2)] = -slopes
    forces[:, pairs, second.repeat(2)] = slopes
    return torch.cat([r**2, r], dim=1), forces


class SpringsPotential(Potential):
    """Springs between all pairs of atoms."""

    kind = "springs"

    def __init__(self, numbers: np.ndarray, weights: Tensor, constant: float = 0.0) -> None:
        super().__init__(numbers, nn.Module())
        self.module.register_buffer("weights", weights)
        self.module.register_buffer("constant", torch.tensor(constant, dtype=torch.float64))

    def energy_and_forces(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        """Energies in eV and forces in eV/Å of B geometries in Å."""
        energies, forces = _bases(positions)
        weights = self.module.weights
        return energies @ weights + self.module.constant, torch.einsum("bknc,k->bnc", forces, weights)

    def configuration(self) -> dict[str, Any]:
        """Nothing: all is in the arrays."""
        return {}

    @classmethod
    def from_configuration(
        cls, numbers: np.ndarray, configuration: Mapping[str, Any], arrays: Mapping[str, Tensor]
    ) -> SpringsPotential:
        """A potential with arrays of these shapes."""
        return cls(numbers, torch.zeros_like(arrays["weights"]))


class Springs(ModelSettings):
    """Springs between all pairs of atoms: fitted in milliseconds, and as accurate as that sounds."""

    kind = "springs"
    display_name = "Springs"
    potential_class = SpringsPotential

    ridge: NonNegativeFloat = Field(1e-6, description="Regularisation, relative to the mean of the diagonal.")

    def _fit(self, train: Dataset, valid: Dataset, context: FitContext) -> FitResult:
        energies, forces = _bases(torch.tensor(train.positions))
        design = forces.movedim(1, -1).flatten(0, -2)  # a row for each force component
        normal = design.T @ design
        normal += self.ridge * normal.diagonal().mean() * torch.eye(len(normal), dtype=torch.float64)
        weights = torch.linalg.solve(normal, design.T @ torch.tensor(train.forces).flatten())
        constant = float(np.nanmean(train.energies - (energies @ weights).numpy())) if train.has_energies else 0.0
        return FitResult(SpringsPotential(train.numbers, weights, constant), notes=[f"{len(weights)} weights."])

    def estimate_cost(self, train: Dataset, valid: Dataset) -> CostEstimate:
        """A second, and the design matrix."""
        return CostEstimate(1.0, PROCESS_BYTES + 8 * train.positions.size * train.n_atoms**2)
