"""Potential: the one interface that every force field has."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from supple.data.dataset import Dataset
from supple.data.units import Units
from supple.errors import CalculationError, ModelFileError, SettingsError, first_line
from supple.models.arrangement import another_molecule, another_order, arrange
from supple.models.metrics import Metrics
from supple.models.model_file import Header, write_model_file
from supple.models.positions import as_array, as_positions
from supple.models.provenance import Provenance
from supple.molecule.connectivity import Connectivity
from supple.runtime.html_table import html_table
from supple.runtime.progress import Progress

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
        connectivity: of the training frames, by which the order of atoms is recognised; None where it is not known.
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
        self.connectivity: Connectivity | None = None

    @abstractmethod
    def energy_and_forces(self, positions: Float[Tensor, "B N 3"]) -> tuple[Float[Tensor, "B"], Float[Tensor, "B N 3"]]:
        """Energies in eV, shape (B,), and forces in eV/Å, shape (B, N, 3), of positions in Å; all float64.

        An implementation passes its argument through `checked`.
        """

    def checked(self, positions: Any) -> Float[Tensor, "B N 3"]:
        """Positions for this force field as a tensor: float64, on its device.

        Raises:
            MoleculeError: they have another shape than (B, N, 3), or are not real numbers.
            SettingsError: the arrays of the force field were converted to another precision.
        """
        scale = getattr(self.module, "scale", None)
        if isinstance(scale, Tensor) and scale.dtype is not torch.float64:
            raise SettingsError(
                f"The arrays of the force field were converted to {scale.dtype}, which loses digits of the energy: load it "
                "again; positions may have any precision."
            )
        return as_positions(positions, len(self.numbers), self.device)

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
    def model_kind(self) -> str:
        """The kind of model whose settings trained it, as in `supple.models.registry.MODELS`."""
        return self.kind

    @property
    def name(self) -> str:
        """What it is called: the kind of model, and the baseline if it has one."""
        return self.kind

    @property
    def device(self) -> torch.device:
        """The device of the arrays, on which predictions run."""
        arrays = chain(self.module.parameters(), self.module.buffers())
        return next((array.device for array in arrays), torch.device("cpu"))

    def to(self, device: str | torch.device) -> Potential:
        """The same force field, its arrays moved to a device.

        Raises:
            SettingsError: there is no such device on this machine.
        """
        try:
            self.module.to(torch.device(device))
        except (RuntimeError, AssertionError, NotImplementedError) as error:
            raise SettingsError(
                f"The device '{device}' cannot be used on this machine ({first_line(error)}): choose another, such as 'cpu'."
            ) from error
        return self

    def prepare(self, geometries: Dataset, progress: Progress) -> None:  # noqa: B027 - most force fields have nothing to prepare
        """Calculate ahead, side by side, what predictions for these geometries would need one after the other.

        That is so where the force field calls a method; the results are kept beside the file of the geometries.

        Raises:
            SettingsError: the method is not installed.
            CalculationError: another version of it is installed, which gives other numbers.
        """

    def training_frames(self) -> TrainingFrames | None:
        """The training frames, where the force field holds them."""
        return None

    def recovered_connectivity(self) -> Connectivity | None:
        """The connectivity of the training frames by what else is known of them, for files that do not state it."""
        return None

    def predict(
        self, positions: Float[np.ndarray, "M N 3"]
    ) -> tuple[Float[np.ndarray, "M"], Float[np.ndarray, "M N 3"]]:
        """Energies in eV, shape (M,), and forces in eV/Å, shape (M, N, 3), of positions in Å.

        Of a geometry with positions that are NaN or infinite, both are NaN.

        Raises:
            MoleculeError: the number of atoms is not that of the force field, or the positions are not real numbers.
            CalculationError: a method that the force field calls fails for a geometry.
        """
        positions = as_array(positions, len(self.numbers))
        energies = np.empty(len(positions))
        forces = np.empty(positions.shape)
        device = self.device
        size = self.batch_size if device.type == "cpu" else self.batch_size_on_gpu
        for start in range(0, len(positions), size):
            part = slice(start, start + size)
            batch = torch.as_tensor(np.array(positions[part]), device=device)
            try:
                e, f = self.energy_and_forces(batch)
            except CalculationError as error:
                raise error.shifted(start) from error
            energies[part] = e.detach().cpu().numpy()
            forces[part] = f.detach().cpu().numpy()
        return energies, forces

    def evaluate(self, dataset: Dataset, units: Units | str | None = None) -> Metrics:
        """Errors on frames with labels.

        Energies count only where they are known, and only if the force field was trained with energies.

        Args:
            dataset: frames of the same molecule. If its elements are in another order, the atoms are put in place by their bonds.
            units: of the errors; those of the dataset's file when None.

        Raises:
            MoleculeError: the dataset is of another molecule, or has its atoms in another order that no bonds explain.
        """
        if not np.array_equal(self.numbers, dataset.numbers):
            arrangement = arrange(self, dataset.numbers, dataset.positions, dataset.source.name)
            dataset = arrangement.of_dataset(dataset, self)
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
        same = sorted(self.numbers) == sorted(dataset.numbers)
        raise (another_order if same else another_molecule)(self, dataset.numbers, dataset.source.name)

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
            f"A {self.name} force field cannot be exported as a graph of operations: use it through Supple, from Python."
        )

    def save(self, path: str | Path) -> None:
        """Write the force field to one safetensors file, in one step: a reader never sees half of it. An existing file is replaced."""
        header = Header(
            kind=self.kind,
            numbers=[int(z) for z in self.numbers],
            configuration=self.configuration(),
            connectivity=self.connectivity,
            provenance=self.provenance,
        )
        write_model_file(Path(path), header, self.module.state_dict())

    def _molecule(self) -> Dataset:
        return Dataset.of(self.numbers, np.zeros((0, len(self.numbers), 3)))

    def __repr__(self) -> str:
        p = self.provenance
        return (
            f"<{self.name} force field of {self._molecule().formula}, trained on {p.n_train} frames of {p.data_name}>"
        )

    def _repr_html_(self) -> str:
        p = self.provenance
        rows = [
            ("molecule", f"{self._molecule().formula}, {len(self.numbers)} atoms"),
            ("trained on", f"{p.n_train} frames of {p.data_name}, with {p.n_valid} validation frames"),
        ]
        if p.validation is not None:
            rows += [(f"validation errors, {name}", str(errors)) for name, errors in p.validation.summaries.items()]
        return html_table(f"{self.name} force field", rows)
