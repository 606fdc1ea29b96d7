"""Potential: the one interface that every force field has, and the one file that it is kept in.

The file is safetensors: named arrays and a JSON header. Reading it never executes anything from it.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float, Int
from pydantic import BaseModel, ConfigDict, Field
from safetensors.torch import save_file
from torch import Tensor, nn

from supple.data.dataset import Dataset
from supple.data.units import Units
from supple.errors import ModelFileError, MoleculeError
from supple.models.metrics import Metrics
from supple.runtime.files import replacing

if TYPE_CHECKING:
    from ase.calculators.calculator import Calculator

    from supple.molecule.descriptors.training_frames import TrainingFrames

FORMAT_VERSION = 1
HEADER_KEY = "supple"


class Provenance(BaseModel):
    """How a force field came to be: enough to repeat it, and to know frames that it has seen."""

    model_config = ConfigDict(extra="forbid")

    data_name: str = "unnamed"
    data_fingerprint: str = ""
    data_units: str = str(Units())
    seed: int | None = None
    n_train: int = 0
    n_valid: int = 0
    #: `Dataset.frame_hashes` of the training and validation frames.
    seen_frames: list[str] = Field(default_factory=list, repr=False)
    has_energies: bool = True
    settings: dict[str, Any] = Field(default_factory=dict)
    versions: dict[str, str] = Field(default_factory=dict)
    validation: dict[str, Any] = Field(default_factory=dict)
    seconds: float = 0.0
    peak_rss_bytes: int = 0
    notes: list[str] = Field(default_factory=list)


class Potential(nn.Module, ABC):
    """A fitted force field of one molecule: positions in Å to energies in eV and forces in eV/Å.

    A subclass gives `kind`, `energy_and_forces`, and what `configuration` and `from_configuration` need to rebuild
    its modules; its arrays are the module's parameters and buffers. `provenance` travels with it.
    """

    kind: ClassVar[str]
    #: Frames handed to `energy_and_forces` at a time by `predict`.
    batch_size: int = 256
    #: The same on a GPU, where a batch takes some milliseconds however small it is.
    batch_size_on_gpu: int = 256

    def __init__(self, numbers: Int[np.ndarray, "N"]) -> None:
        super().__init__()
        self.numbers = np.asarray(numbers, dtype=np.int64)
        self.provenance = Provenance()

    @abstractmethod
    def energy_and_forces(self, positions: Float[Tensor, "B N 3"]) -> tuple[Float[Tensor, "B"], Float[Tensor, "B N 3"]]:
        """Energies in eV (float64) and forces in eV/Å of B geometries in Å."""

    @abstractmethod
    def configuration(self) -> dict[str, Any]:
        """What `from_configuration` needs besides the arrays; must be JSON."""

    @classmethod
    @abstractmethod
    def from_configuration(
        cls, numbers: Int[np.ndarray, "N"], configuration: dict[str, Any], arrays: dict[str, Tensor]
    ) -> Potential:
        """A potential of this configuration whose arrays have the shapes of `arrays`; they are loaded afterwards."""

    @property
    @abstractmethod
    def device(self) -> torch.device:
        """Where the arrays lie."""

    def training_frames(self) -> TrainingFrames | None:
        """The training frames, where the force field holds them."""
        return None

    def predict(
        self, positions: Float[np.ndarray, "M N 3"]
    ) -> tuple[Float[np.ndarray, "M"], Float[np.ndarray, "M N 3"]]:
        """Energies in eV, shape (M,), and forces in eV/Å, shape (M, N, 3), of positions in Å.

        Raises:
            MoleculeError: the number of atoms is not the model's.
        """
        if positions.ndim != 3 or positions.shape[1:] != (len(self.numbers), 3):
            raise MoleculeError(
                f"Positions of shape {positions.shape} do not fit this force field of {len(self.numbers)} atoms: "
                f"it needs (frames, {len(self.numbers)}, 3)."
            )
        energies = np.empty(len(positions))
        forces = np.empty(positions.shape)
        size = self.batch_size if self.device.type == "cpu" else self.batch_size_on_gpu
        for start in range(0, len(positions), size):
            part = slice(start, start + size)
            batch = torch.as_tensor(np.array(positions[part]), dtype=torch.float64, device=self.device)
            e, f = self.energy_and_forces(batch)
            energies[part] = e.detach().cpu().numpy()
            forces[part] = f.detach().cpu().numpy()
        return energies, forces

    def evaluate(self, dataset: Dataset, units: Units | str | None = None) -> Metrics:
        """Errors on labelled frames, in the units of the dataset's file unless others are asked for.

        Energies count only where they are known and the force field was trained with any.

        Raises:
            MoleculeError: the dataset is of another molecule or atom order.
        """
        self.require_molecule(dataset)
        energies, forces = self.predict(dataset.positions)
        return self.metrics(dataset, energies, forces, units)

    def metrics(
        self,
        dataset: Dataset,
        energies: Float[np.ndarray, "M"],
        forces: Float[np.ndarray, "M N 3"],
        units: Units | str | None = None,
    ) -> Metrics:
        """The errors of predictions that are already there."""
        energy_errors = energies - dataset.energies if self.provenance.has_energies else np.full(len(dataset), np.nan)
        force_errors = None if dataset.forces is None else forces - dataset.forces
        return Metrics.of(energy_errors, force_errors, dataset.source.units if units is None else Units.parse(units))

    def require_molecule(self, dataset: Dataset) -> None:
        """Refuse geometries of another molecule.

        Raises:
            MoleculeError: the atoms, or their order, differ.
        """
        if np.array_equal(self.numbers, dataset.numbers):
            return
        ours = Dataset.of(self.numbers, np.zeros((0, len(self.numbers), 3)))
        if ours.formula == dataset.formula:
            first = int(np.flatnonzero(self.numbers != dataset.numbers)[0])
            raise MoleculeError(
                f"{dataset.source.name} has the atoms of {dataset.formula} in another order than the force field: "
                f"atom {first + 1} is {dataset.symbols[first]} there and {ours.symbols[first]} here; "
                "reorder the file's atoms."
            )
        raise MoleculeError(
            f"{dataset.source.name} holds {dataset.formula}, but the force field was trained on {ours.formula}: "
            "it knows that molecule alone."
        )

    def calculator(self) -> Calculator:
        """An ASE calculator."""
        from supple.models.ase_calculator import SuppleCalculator

        return SuppleCalculator(self)

    def operations(self) -> nn.Module:
        """The force field as operations on tensors alone, for programs that take a graph of it.

        A module that maps positions (B, N, 3) in Å, float64, to energies (B,) in eV and forces (B, N, 3) in eV/Å, for any
        B, without compiled loops, choices by shape or automatic differentiation. Its arrays are copies on the CPU.

        Raises:
            ModelFileError: this kind of force field has no such form.
        """
        raise ModelFileError(
            f"A {self.kind} force field cannot be exported as a graph of operations: use it through Supple, from Python."
        )

    def save(self, path: str | Path) -> None:
        """Write the force field to one safetensors file, in one step: a reader never sees half of it."""
        header = {
            "format_version": FORMAT_VERSION,
            "kind": self.kind,
            "numbers": [int(z) for z in self.numbers],
            "configuration": self.configuration(),
            "provenance": self.provenance.model_dump(),
        }
        arrays = {name: tensor.detach().cpu().contiguous() for name, tensor in self.state_dict().items()}
        with replacing(Path(path)) as temporary:
            save_file(arrays, temporary, metadata={HEADER_KEY: json.dumps(header)})

    def __repr__(self) -> str:
        formula = Dataset.of(self.numbers, np.zeros((0, len(self.numbers), 3))).formula
        p = self.provenance
        return f"<{self.kind} force field of {formula}, trained on {p.n_train} frames of {p.data_name}>"
