"""The force field of SchNet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from jaxtyping import Float, Int
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt
from torch import Tensor, nn

from supple.models.neural.potential import NetworkPotential, centred
from supple.models.neural.schnet.network import SchNetNetwork
from supple.models.potential import Potential
from supple.runtime.validation import Positive

#: Values of the Gaussians on the radial grid; 0.4 GB.
_LARGEST_GRID = 10**8


class Architecture(BaseModel):
    """The architecture as a model file holds it, within limits that keep a forged one from filling the memory."""

    model_config = ConfigDict(extra="forbid")

    features: Annotated[StrictInt, Field(ge=1, le=10_000)]
    interactions: Annotated[StrictInt, Field(ge=1, le=1000)]
    gaussians: Annotated[StrictInt, Field(ge=2, le=100_000)]
    knots: Annotated[StrictInt, Field(ge=4, le=1_000_000)]
    cutoff: Positive
    shared: StrictBool = False


class SchNetPotential(NetworkPotential):
    """SchNet, scaled to eV and eV/Å."""

    kind = "schnet"
    network_class = SchNetNetwork

    @classmethod
    def from_configuration(
        cls, numbers: Int[np.ndarray, "N"], configuration: Mapping[str, Any], arrays: Mapping[str, Tensor]
    ) -> Potential:
        """A potential of this architecture; its arrays are loaded afterwards.

        Raises:
            ValueError, KeyError: the arrays are not of this architecture, or it is none.
        """
        of = Architecture.model_validate(configuration)
        layers = 1 if of.shared else of.interactions
        if arrays["network.filter_in"].shape != (layers, of.gaussians, of.features):
            raise ValueError("the arrays of the network do not fit its architecture")
        if of.knots * of.gaussians > _LARGEST_GRID:
            raise ValueError(f"it has {of.knots} knots")
        if not arrays["scale"] > 0:
            raise ValueError("its scale is not positive")
        return super().from_configuration(numbers, configuration, arrays)

    def operations(self) -> nn.Module:
        """The network's formulas on tensors alone; single precision inside, as everywhere."""
        return Operations(self)


class Operations(nn.Module):
    """SchNet in operations on tensors alone, its filters tabulated once."""

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
            self.register_buffer(name, getattr(potential.module, name).detach().cpu().clone())

    def forward(self, positions: Float[Tensor, "B N 3"]) -> tuple[Float[Tensor, "B"], Float[Tensor, "B N 3"]]:
        """Energies in eV and forces in eV/Å."""
        energies, forces = self.network.formulas(centred(positions), self.filters)
        return energies.double() * self.scale + self.shift, forces.double() * self.scale
