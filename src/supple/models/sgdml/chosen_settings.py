"""ChosenSettings: the settings of a kernel model that were chosen in place of 'auto'."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from jaxtyping import Int
from pydantic import BaseModel, ConfigDict
from torch import Tensor

from supple.models.kernel.molecular_kernel import MolecularKernel
from supple.models.kernel.stored_parts import StoredKernel
from supple.models.sgdml.metric_contributions import Contribution
from supple.runtime.files import write_json


class ChosenSettings(BaseModel):
    """The settings that were chosen.

    Attributes:
        kernel: without its weights.
        weights: of the entries of the descriptor, for each family of terms.
        lam: regularisation.
        energy_weight: amplitude of the energies; None when they are integrated.
        sigma: the length scale in 1/Å, if there is one for everything.
        notes: sentences about how they were chosen.
        curve, refined: (σ, validation force RMSE) of the small models, and of the larger ones.
        contributions: what a learned metric says about the molecule.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kernel: StoredKernel
    weights: list[list[float]]
    lam: float
    energy_weight: float | None = None
    sigma: float | None = None
    notes: list[str] = []
    curve: list[tuple[float, float]] = []
    refined: list[tuple[float, float]] = []
    contributions: list[Contribution] = []

    @classmethod
    def of(cls, kernel: MolecularKernel, lam: float, *notes: str, energy_weight: float | None = None) -> ChosenSettings:
        """Those of a kernel."""
        stored = StoredKernel.model_validate(kernel.configuration())
        weights = kernel.weights.tolist()
        return cls(
            kernel=stored, weights=weights, lam=lam, sigma=kernel.sigma, notes=list(notes), energy_weight=energy_weight
        )

    def kernel_of(self, action: Int[Tensor, "P D"]) -> MolecularKernel:
        """The kernel.

        Args:
            action: of the permutations on the descriptor.
        """
        weights = torch.tensor(self.weights, dtype=torch.float64)
        return MolecularKernel.from_configuration(self.kernel.model_dump(), weights, action)

    def with_notes(self, notes: Sequence[str], **changes: object) -> ChosenSettings:
        """Other values, and further sentences."""
        return self.model_copy(update={**changes, "notes": [*self.notes, *notes]})

    def save(self, path: Path) -> None:
        """Write them to a JSON file."""
        write_json(path, self.model_dump(mode="json"))

    @classmethod
    def load(cls, path: Path) -> ChosenSettings:
        """Read what `save` wrote."""
        return cls.model_validate_json(path.read_text(encoding="utf-8"))
