"""The force field of the bespoke network."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from jaxtyping import Int
from pydantic import BaseModel, ConfigDict, Field, StrictInt
from torch import Tensor, nn

from supple.models.neural.bespoke.harmonics import COMPONENTS
from supple.models.neural.bespoke.network import BespokeNetwork
from supple.models.neural.network import use_compiled
from supple.models.neural.potential import NetworkPotential
from supple.models.potential import Potential
from supple.runtime.validation import Positive

#: Values of the functions of all pairs of a batch; about 0.1 GB with all that is computed from them.
_LARGEST_BATCH = 2**21


class Architecture(BaseModel):
    """The architecture as a model file holds it, within limits that keep a forged one from filling the memory."""

    model_config = ConfigDict(extra="forbid")

    classes: list[Annotated[StrictInt, Field(ge=0)]]
    features: Annotated[StrictInt, Field(ge=1, le=10_000)]
    layers: Annotated[StrictInt, Field(ge=1, le=1000)]
    radial: Annotated[StrictInt, Field(ge=1, le=10_000)]
    cutoff: Positive


class BespokePotential(NetworkPotential):
    """The bespoke network, scaled to eV and eV/Å."""

    kind = "bespoke"
    network_class = BespokeNetwork

    def __init__(
        self, numbers: Int[np.ndarray, "N"], architecture: Mapping[str, Any], scale: float = 1.0, shift: float = 0.0
    ) -> None:
        super().__init__(numbers, architecture, scale, shift)
        of_a_geometry = len(numbers) ** 2 * COMPONENTS * architecture["radial"]
        self.batch_size = max(1, min(self.batch_size, _LARGEST_BATCH // of_a_geometry))

    @classmethod
    def from_configuration(
        cls, numbers: Int[np.ndarray, "N"], configuration: Mapping[str, Any], arrays: Mapping[str, Tensor]
    ) -> Potential:
        """A potential of this architecture; its arrays are loaded afterwards.

        Raises:
            ValueError, KeyError: the arrays are not of this architecture, or it is none.
        """
        of = Architecture.model_validate(configuration)
        n_classes = len(set(of.classes))
        if len(of.classes) != len(numbers) or max(of.classes) + 1 != n_classes:
            raise ValueError("its classes of atoms are not numbered from 0, one for each atom")
        if len(set(zip(of.classes, numbers.tolist(), strict=True))) != n_classes:
            raise ValueError("a class has atoms of different elements")
        matrix = (n_classes, of.features, of.features)
        if any(arrays[f"network.layers.{k}.mix"].shape[1:] != matrix for k in range(of.layers)):
            raise ValueError("the arrays of the network do not fit its architecture")
        if arrays["network.layers.0.radial_scalar"].shape[1:] != (of.radial, of.features):
            raise ValueError("its radial functions do not fit its architecture")
        if not arrays["scale"] > 0:
            raise ValueError("its scale is not positive")
        return super().from_configuration(numbers, configuration, arrays)

    def operations(self) -> nn.Module:
        """The network's formulas on tensors alone; single precision inside, as everywhere."""
        module = copy.deepcopy(self.module).cpu().requires_grad_(False).eval()
        use_compiled(module.network, False)
        return module
