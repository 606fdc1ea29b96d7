"""Potential: the one interface that every force field has."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from supple.data.dataset import Dataset
from supple.data.units import Units
from supple.errors import ModelFileError, MoleculeError
from supple.models.metrics import Metrics
from supple.models.model_file import Header, write_model_file
from supple.models.provenance import Provenance
from supple.runtime.html_table import html_table

if TYPE_CHECKING:
    from ase.calculators.calculator import Calculator

    from supple.molecule.descriptors.training_frames import TrainingFrames


class Potential(ABC):
    """A fitted force field of one molecule: positions in Å to energies in eV and forces in eV/Å.

    A subclass provides `kind`, `energy_and_forces`, and `configuration` and `from_configuration`, by which it is made again
    from a file. Its arrays are the parameters and buffers of `module`.

    Attributes:
        numbers: atomic numbers, shape (N,).
        module: a torch module that holds the arrays; its `state_dict` is what the model file stores.
        provenance: how the force field was made.
        batch_size: number of frames that `predict` passes to `energy_and_forces` at a time.
        batch_size_on_gpu: the same on a GPU, where a batch takes some milliseconds however small it is.
    """

    kind: ClassVar[str]
    batch_size: int = 256
    batch_size_on_gpu: int = 256

    def __init__(self, numbers: Int[np.ndarray, "N"], module: nn.Module | None = None) -> None:
        self.numbers = np.asarray(numbers, dtype=np.int64)
        self.module = (nn.Module() if module is None else module).eval()
        self.provenance = Provenance()

    @abstractmethod
    def energy_and_forces(self, positions: Float[Tensor, "B N 3"]) -> tuple[Float[Tensor, "B"], Float[Tensor, "B N 3"]]:
        """Energies in eV, shape (B,), and forces in eV/Å, shape (B, N, 3), of positions in Å; all float64."""

    @abstractmethod
    def configuration(self) -> dict[str, Any]:
        """What `from_configuration` needs besides the arrays; must be JSON."""

    @classmethod
    @abstractmethod
    def from_configuration(
        cls, numbers: Int[np.ndarray, "N"], configuration: Mapping[str, Any], arrays: Mapping[str, Tensor]
    ) -> Potential:
        """A potential of this configuration whose arrays have the shapes of `arrays`, which are loaded afterwards."""

    @property
    def device(self) -> torch.device:
        """The device of the arrays, on which predictions run."""
        return next((array.device for array in self.module.state_dict().values()), torch.device("cpu"))

    def to(self, device: str | torch.device) -> Potential:
        """The same force field, its arrays moved to a device."""
        self.module.to(device)
        return self

    def training_frames(self) -> TrainingFrames | None:
        """The training frames, where the force field holds them."""
        return None

    def predict(
        self, positions: Float[np.ndarray, "M N 3"]
    ) -> tuple[Float[np.ndarray, "M"], Float[np.ndarray, "M N 3"]]:
        """Energies in eV, shape (M,), and forces in eV/Å, shape (M, N, 3), of positions in Å.

        Raises:
            MoleculeError: the number of atoms is not that of the force field.
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
        """Errors on frames with labels.

        Energies count only where they are known, and only if the force field was trained with energies.

        Args:
            dataset: frames of the same molecule.
            units: of the errors; those of the dataset's file when None.

        Raises:
            MoleculeError: the dataset is of another molecule or has another order of the atoms.
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
        """Errors of predictions that were made before; arguments as in `evaluate` and `predict`."""
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
        ours = self._molecule()
        if ours.formula == dataset.formula:
            first = int(np.flatnonzero(self.numbers != dataset.numbers)[0])
            raise MoleculeError(
                f"{dataset.source.name} has the atoms of {dataset.formula} in another order than the force field: "
                f"atom {first + 1} is {dataset.symbols[first]} in the file and {ours.symbols[first]} in the force field; "
                "reorder the atoms of the file."
            )
        raise MoleculeError(
            f"{dataset.source.name} contains {dataset.formula}, but the force field was trained on {ours.formula} and "
            "describes no other molecule."
        )

    def calculator(self) -> Calculator:
        """An ASE calculator."""
        from supple.models.ase_calculator import SuppleCalculator

        return SuppleCalculator(self)

    def operations(self) -> nn.Module:
        """The force field as operations on tensors alone, for programs that take a graph of it.

        A module that maps positions (B, N, 3) in Å, float64, to energies (B,) in eV and forces (B, N, 3) in eV/Å, for any
        B, without compiled loops, branches that depend on shapes, or automatic differentiation. Its arrays are copies on
        the CPU.

        Raises:
            ModelFileError: this kind of force field has no such form.
        """
        raise ModelFileError(
            f"A {self.kind} force field cannot be exported as a graph of operations: use it through Supple, from Python."
        )

    def save(self, path: str | Path) -> None:
        """Write the force field to one safetensors file, in one step: a reader never sees half of it. An existing file is replaced."""
        header = Header(
            kind=self.kind,
            numbers=[int(z) for z in self.numbers],
            configuration=self.configuration(),
            provenance=self.provenance,
        )
        write_model_file(Path(path), header, self.module.state_dict())

    def _molecule(self) -> Dataset:
        return Dataset.of(self.numbers, np.zeros((0, len(self.numbers), 3)))

    def __repr__(self) -> str:
        p = self.provenance
        return (
            f"<{self.kind} force field of {self._molecule().formula}, trained on {p.n_train} frames of {p.data_name}>"
        )

    def _repr_html_(self) -> str:
        p = self.provenance
        rows = [
            ("molecule", f"{self._molecule().formula}, {len(self.numbers)} atoms"),
            ("trained on", f"{p.n_train} frames of {p.data_name}, with {p.n_valid} validation frames"),
        ]
        if p.validation is not None:
            rows += [(f"validation errors, {name}", str(pair)) for name, pair in p.validation.pairs.items()]
        return html_table(f"{self.kind} force field", rows)
