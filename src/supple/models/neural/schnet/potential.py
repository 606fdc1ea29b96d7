"""The force field of SchNet."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from supple.models.neural.potential import NetworkPotential, centred
from supple.models.neural.schnet.network import SchNetNetwork


class SchNetPotential(NetworkPotential):
    """SchNet, scaled to eV and eV/Å."""

    kind = "schnet"
    network_class = SchNetNetwork

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
