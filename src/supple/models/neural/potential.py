"""NetworkPotential: a network in single precision, and the double-precision constants that scale its output to eV and eV/Å."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from supple.errors import SettingsError
from supple.models.neural.network import NetworkWithFeatures
from supple.models.potential import Potential
from supple.models.uncertainty.novelty import Novelty, NoveltyScores
from supple.molecule.symmetry.symmetry_classes import symmetry_classes


class ScaledNetwork(nn.Module):
    """E = scale · network(R) + shift. Energies of 10⁴ eV need float64, so the network does not see the shift.

    Args:
        network: see network.py.
        scale: unit of its energies in eV, and of its forces in eV/Å.
        shift: constant energy in eV.
    """

    scale: Tensor
    shift: Tensor

    def __init__(self, network: nn.Module, scale: float, shift: float) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("scale", torch.tensor(scale, dtype=torch.float64))
        self.register_buffer("shift", torch.tensor(shift, dtype=torch.float64))

    def forward(self, positions: Float[Tensor, "B N 3"]) -> tuple[Float[Tensor, "B"], Float[Tensor, "B N 3"]]:
        """Energies in eV and forces in eV/Å of positions in Å; float64."""
        energies, forces = self.network(centred(positions))
        return energies.double() * self.scale + self.shift, forces.double() * self.scale


class NetworkPotential(Potential):
    """The force field of a network. A subclass names the kind, and the class of the network.

    Attributes:
        network_class: makes the network, from atomic numbers and the architecture as keyword arguments.
        architecture: these keyword arguments; JSON.
    """

    network_class: ClassVar[Callable[..., nn.Module]]
    module: ScaledNetwork

    def __init__(
        self, numbers: Int[np.ndarray, "N"], architecture: Mapping[str, Any], scale: float = 1.0, shift: float = 0.0
    ) -> None:
        """A potential with random weights.

        Args:
            numbers: atomic numbers, shape (N,).
            architecture: keyword arguments of the network.
            scale, shift: as in `ScaledNetwork`.
        """
        self.architecture = dict(architecture)
        network = type(self).network_class(np.asarray(numbers, dtype=np.int64), **architecture)
        super().__init__(numbers, ScaledNetwork(network, scale, shift))

    @property
    def network(self) -> nn.Module:
        """The network."""
        return self.module.network

    @cached_property
    def _weights(self) -> list[nn.Parameter]:
        """The network's parameters, found once: that takes as long as to evaluate a small molecule."""
        return list(self.network.parameters())

    def configuration(self) -> dict[str, Any]:
        """The architecture."""
        return self.architecture

    @classmethod
    def from_configuration(
        cls, numbers: Int[np.ndarray, "N"], configuration: Mapping[str, Any], arrays: Mapping[str, Tensor]
    ) -> Potential:
        """A potential of this architecture; its arrays are loaded afterwards."""
        return cls(numbers, configuration)

    @torch.no_grad()
    def energy_and_forces(self, positions: Float[Tensor, "B N 3"]) -> tuple[Float[Tensor, "B"], Float[Tensor, "B N 3"]]:
        """Energies in eV and forces in eV/Å of B geometries in Å; float64."""
        return self.module(self._checked_weights(positions))

    def _checked_weights(self, positions: Float[Tensor, "B N 3"]) -> Float[Tensor, "B N 3"]:
        positions = self.checked(positions)
        if any(weights.dtype is not torch.float32 for weights in self._weights):
            raise SettingsError(
                "The weights of the network were converted to another precision than float32: load the force field again."
            )
        return positions

    def novelty(self, positions: Float[np.ndarray, "M N 3"]) -> Novelty | None:
        """The distance from the training frames in the features of the atoms; None if the network does not give them."""
        if not isinstance(self.network, NetworkWithFeatures):
            return None
        from supple.models.neural.novelty import NetworkNovelty

        size = self.batch_size
        parts = [
            self._with_features(torch.tensor(positions[at : at + size]))[2] for at in range(0, len(positions), size)
        ]
        classes = symmetry_classes(self.numbers, positions)
        return NetworkNovelty.of_features(self, classes, torch.cat(parts))

    def restored_novelty(self, arrays: Mapping[str, Tensor]) -> Novelty:
        """The same, from its arrays."""
        from supple.models.neural.novelty import NetworkNovelty

        return NetworkNovelty.restored(self, arrays)

    def with_novelty(
        self, positions: Float[Tensor, "B N 3"], novelty: Novelty
    ) -> tuple[Float[Tensor, "B"], Float[Tensor, "B N 3"], NoveltyScores]:
        """Energies and forces, and the novelty of the geometries from the features of the same pass."""
        from supple.models.neural.novelty import NetworkNovelty

        if not isinstance(novelty, NetworkNovelty):
            return super().with_novelty(positions, novelty)
        energies, forces, features = self._with_features(positions)
        return energies, forces, novelty.of_atoms(features)

    @torch.no_grad()
    def _with_features(
        self, positions: Float[Tensor, "B N 3"]
    ) -> tuple[Float[Tensor, "B"], Float[Tensor, "B N 3"], Float[Tensor, "B N F"]]:
        positions = self._checked_weights(positions)
        assert isinstance(self.network, NetworkWithFeatures)
        energies, forces, features = self.network.with_features(centred(positions))
        scale, shift = self.module.scale, self.module.shift
        return energies.double() * scale + shift, forces.double() * scale, features


def centred(positions: Float[Tensor, "B N 3"]) -> Float[Tensor, "B N 3"]:
    """Single precision about the centre of each geometry, so that a molecule far from the origin loses no digits."""
    positions = positions.to(torch.float64)
    return (positions - positions.mean(dim=1, keepdim=True)).to(torch.float32)
