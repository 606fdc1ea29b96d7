"""The neural potential: a network in float32, and the float64 constants that turn its output into eV and eV/Å."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from supple.models.neural.schnet import SchNetNetwork
from supple.models.potential import Potential


class SchNetPotential(Potential):
    """E = scale · network(R) + shift. Energies of 10⁴ eV need float64: the network sees none of the shift."""

    kind = "schnet"
    scale: Tensor
    shift: Tensor

    def __init__(
        self, numbers: Int[np.ndarray, "N"], architecture: dict[str, Any], scale: float = 1.0, shift: float = 0.0
    ) -> None:
        """A potential with fresh weights.

        Args:
            numbers: atomic numbers.
            architecture: the keyword arguments of the network.
            scale: unit of the network's energies in eV, and of its forces in eV/Å.
            shift: constant energy in eV.
        """
        super().__init__(numbers)
        self.architecture = architecture
        self.network = SchNetNetwork(self.numbers, **architecture)
        self.register_buffer("scale", torch.tensor(scale, dtype=torch.float64))
        self.register_buffer("shift", torch.tensor(shift, dtype=torch.float64))

    @property
    def device(self) -> torch.device:
        """Where the arrays lie."""
        return self.scale.device

    def configuration(self) -> dict[str, Any]:
        """The architecture."""
        return self.architecture

    @classmethod
    def from_configuration(
        cls, numbers: Int[np.ndarray, "N"], configuration: dict[str, Any], arrays: dict[str, Tensor]
    ) -> Potential:
        """A potential of this architecture; the arrays are loaded afterwards."""
        return cls(numbers, configuration)

    def operations(self) -> nn.Module:
        """The network's formulas on tensors alone; single precision inside, as everywhere."""
        return Operations(self)

    @torch.no_grad()
    def energy_and_forces(self, positions: Float[Tensor, "B N 3"]) -> tuple[Float[Tensor, "B"], Float[Tensor, "B N 3"]]:
        """Energies in eV (float64) and forces in eV/Å of B geometries in Å."""
        energies, forces = self.network(_centred(positions))
        return energies.double() * self.scale + self.shift, forces.double() * self.scale


class Operations(nn.Module):
    """A network in operations on tensors alone, its filters tabulated once."""

    scale: Tensor
    shift: Tensor
    filters: Tensor

    def __init__(self, potential: SchNetPotential) -> None:
        super().__init__()
        network = SchNetNetwork(potential.numbers, **potential.architecture)
        network.load_state_dict(potential.network.state_dict())
        self.network = network.requires_grad_(False).eval()
        self.register_buffer("filters", network.filters().clone())
        for name in ("scale", "shift"):
            self.register_buffer(name, getattr(potential, name).detach().cpu().clone())

    def forward(self, positions: Float[Tensor, "B N 3"]) -> tuple[Float[Tensor, "B"], Float[Tensor, "B N 3"]]:
        """Energies in eV and forces in eV/Å."""
        energies, forces = self.network.formulas(_centred(positions), self.filters)
        return energies.double() * self.scale + self.shift, forces.double() * self.scale


def _centred(positions: Float[Tensor, "B N 3"]) -> Float[Tensor, "B N 3"]:
    """Single precision about the middle of each geometry: a molecule far from the origin loses no digits."""
    positions = positions.to(torch.float64)
    return (positions - positions.mean(dim=1, keepdim=True)).to(torch.float32)
