"""DifferencePotential: a baseline plus a model of the difference between the labels and the baseline.

Ramakrishnan, Dral, Rupp and von Lilienfeld, J. Chem. Theory Comput. 11, 2087 (2015), doi 10.1021/acs.jctc.5b00099.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from supple.data.dataset import Dataset
from supple.models.model_file import Part
from supple.models.potential import Potential
from supple.models.provenance import Provenance
from supple.models.registry import potential_class
from supple.models.sums.method_potential import MethodPotential
from supple.molecule.connectivity import Connectivity
from supple.molecule.descriptors.training_frames import TrainingFrames
from supple.runtime.progress import Progress

#: Names of the parts: in the configuration, and before the names of their arrays.
_PARTS = ("baseline", "model")


class DifferencePotential(Potential):
    """The sum of a baseline and a model.

    Attributes:
        baseline: a method, or another force field.
        model: of the difference.
    """

    kind = "difference"

    def __init__(self, baseline: Potential, model: Potential) -> None:
        """The sum of two force fields of one molecule."""
        super().__init__(model.numbers, nn.ModuleDict({"baseline": baseline.module, "model": model.module}))
        self.baseline, self.model = baseline, model
        self.batch_size = min(baseline.batch_size, model.batch_size)
        self.batch_size_on_gpu = min(baseline.batch_size_on_gpu, model.batch_size_on_gpu)
        self.provenance, self.connectivity = model.provenance, model.connectivity

    @property
    def model_kind(self) -> str:
        """That of the model of the difference."""
        return self.model.model_kind

    @property
    def name(self) -> str:
        """The model and its baseline, as `sgdml@GFN2-xTB`."""
        return f"{self.model.name}@{self.baseline.name}"

    def energy_and_forces(self, positions: Float[Tensor, "B N 3"]) -> tuple[Float[Tensor, "B"], Float[Tensor, "B N 3"]]:
        """Energies in eV and forces in eV/Å of B geometries in Å; float64.

        Raises:
            CalculationError: the baseline is a method that fails for a geometry.
        """
        positions = self.checked(positions)
        energies, forces = self.model.energy_and_forces(positions)
        of_baseline, forces_of_baseline = self.baseline.energy_and_forces(positions)
        return energies + of_baseline.to(energies.device), forces + forces_of_baseline.to(forces.device)

    def configuration(self) -> dict[str, Any]:
        """Both parts, each as a file of its own would have it."""
        parts = (_part(self.baseline, self.baseline.provenance), _part(self.model, Provenance()))
        return {name: part.model_dump(mode="json") for name, part in zip(_PARTS, parts, strict=True)}

    @classmethod
    def from_configuration(
        cls, numbers: Int[np.ndarray, "N"], configuration: Mapping[str, Any], arrays: Mapping[str, Tensor]
    ) -> Potential:
        """The sum of two parts.

        Raises:
            ModelFileError: the baseline is a method that is not installed.
            ValueError, KeyError: a part is of no known kind, or its arrays do not fit it.
        """
        if set(configuration) != set(_PARTS):
            raise ValueError("it is not the sum of a baseline and a model")
        baseline, model = (
            _restored(numbers, Part.model_validate(configuration[name]), name, arrays) for name in _PARTS
        )
        return cls(baseline, model)

    def to(self, device: str | torch.device) -> Potential:
        """The same force field, the arrays of both parts moved to a device."""
        for part in (self.baseline, self.model):
            part.to(device)
        return self

    def prepare(self, geometries: Dataset, progress: Progress) -> None:
        """Calculate the baseline ahead, where it is a method."""
        self.baseline.prepare(geometries, progress)

    def training_frames(self) -> TrainingFrames | None:
        """Those of the model of the difference."""
        return self.model.training_frames()

    def recovered_connectivity(self) -> Connectivity | None:
        """By the model of the difference."""
        return self.model.recovered_connectivity()

    def operations(self) -> nn.Module:
        """The sum of the operations of both.

        Raises:
            SettingsError: the baseline is a method, or one of the two cannot be exported.
        """
        return _Sum(self.baseline.operations(), self.model.operations())


def calls_method(potential: Potential) -> bool:
    """Whether a force field calls a method at every step, which may fail."""
    if isinstance(potential, DifferencePotential):
        return calls_method(potential.baseline)
    return isinstance(potential, MethodPotential)


class _Sum(nn.Module):
    """The sum of two force fields in operations on tensors."""

    def __init__(self, baseline: nn.Module, model: nn.Module) -> None:
        super().__init__()
        self.baseline, self.model = baseline, model

    def forward(self, positions: Float[Tensor, "B N 3"]) -> tuple[Float[Tensor, "B"], Float[Tensor, "B N 3"]]:
        """Energies in eV and forces in eV/Å."""
        energies, forces = self.model(positions)
        of_baseline = self.baseline(positions)
        return energies + of_baseline[0], forces + of_baseline[1]


def _part(potential: Potential, provenance: Provenance) -> Part:
    """What a file says of a part; the model of the difference has the provenance of the whole."""
    connectivity = potential.connectivity
    return Part(
        kind=potential.kind, configuration=potential.configuration(), connectivity=connectivity, provenance=provenance
    )


def _restored(numbers: Int[np.ndarray, "N"], part: Part, name: str, arrays: Mapping[str, Tensor]) -> Potential:
    """A part of the sum; its arrays are loaded with those of the whole."""
    if part.kind == DifferencePotential.kind and name == "model":
        raise ValueError("the model of a difference is itself a sum")
    own = {key.removeprefix(f"{name}."): array for key, array in arrays.items() if key.startswith(f"{name}.")}
    made = potential_class(part.kind).from_configuration(numbers, part.configuration, own)
    made.provenance, made.connectivity = part.provenance, part.connectivity
    return made
