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
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from supple.dataset import Dataset
from supple.errors import ModelFileError, MoleculeError
from supple.evaluation.metrics import Metrics
from supple.files import replacing
from supple.units import Units

if TYPE_CHECKING:
    from ase.calculators.calculator import Calculator

    from supple.known_frames import KnownFrames

FORMAT_VERSION = 1
_HEADER_KEY = "supple"


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

    def known_frames(self) -> KnownFrames | None:
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
        for start in range(0, len(positions), self.batch_size):
            part = slice(start, start + self.batch_size)
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
        from supple.interfaces.ase import SuppleCalculator

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
            save_file(arrays, temporary, metadata={_HEADER_KEY: json.dumps(header)})

    @staticmethod
    def load(path: str | Path, device: str | torch.device = "cpu") -> Potential:
        """Read a force field of any kind; a model of the sGDML package (.npz), too.

        Raises:
            ModelFileError: the file is missing, cut short, not a Supple model, or of another format version.
        """
        from supple.models import potential_class

        if Path(path).suffix == ".npz":
            from supple.sgdml.exchange import load_sgdml_model

            return load_sgdml_model(path).to(device)
        header, arrays = _read(Path(path))
        try:
            cls = potential_class(header["kind"])
            numbers = np.array(header["numbers"], dtype=np.int64)
            potential = cls.from_configuration(numbers, header["configuration"], arrays)
            potential.provenance = Provenance.model_validate(header["provenance"])
            potential.load_state_dict(arrays)
        except (KeyError, ValueError, TypeError, RuntimeError) as error:
            raise ModelFileError(
                f"{path} is a Supple model whose content does not fit together ({_first_line(error)}): "
                "it is damaged; train or copy it again."
            ) from error
        return potential.to(device).eval()

    def __repr__(self) -> str:
        formula = Dataset.of(self.numbers, np.zeros((0, len(self.numbers), 3))).formula
        p = self.provenance
        return f"<{self.kind} force field of {formula}, trained on {p.n_train} frames of {p.data_name}>"


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    if not path.is_file():
        raise ModelFileError(f"There is no model file {path}.")
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(_HEADER_KEY)
            if text is None:
                raise ModelFileError(f"{path} is a safetensors file, but not a Supple model: it has no Supple header.")
            header = json.loads(text)
            version = header.get("format_version")
            if version != FORMAT_VERSION:
                raise ModelFileError(
                    f"{path} has model format {version}, this version of Supple reads format {FORMAT_VERSION}: "
                    "use the version of Supple that wrote it, or train again."
                )
            return header, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except (SafetensorError, ValueError, AttributeError) as error:
        raise ModelFileError(
            f"{path} is not a Supple model, or it is cut short ({_first_line(error)}): "
            "give a .safetensors file that 'supple train' wrote."
        ) from error


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:120] if str(error) else type(error).__name__
