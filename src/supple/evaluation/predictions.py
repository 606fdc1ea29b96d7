"""Predictions of test frames, saved beside a model: the basis of parity plots, intervals and maps of errors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from supple.data.dataset import Dataset
from supple.models.potential import Potential
from supple.runtime.files import replacing


@dataclass(frozen=True, eq=False)
class Predictions:
    """A force field's predictions for some frames.

    Attributes:
        frames: their indices in the file, shape (M,).
        energies: eV, shape (M,); NaN for a force field trained without energies.
        forces: eV/Å, shape (M, N, 3).
    """

    frames: Int[np.ndarray, "M"]
    energies: Float[np.ndarray, "M"]
    forces: Float[np.ndarray, "M N 3"]

    @classmethod
    def of(cls, potential: Potential, dataset: Dataset) -> Predictions:
        """The predictions of a force field for the frames of a dataset.

        Raises:
            MoleculeError: the frames are of another molecule or atom order.
        """
        potential.require_molecule(dataset)
        energies, forces = potential.predict(dataset.positions)
        if not potential.provenance.has_energies:
            energies = np.full(len(dataset), np.nan)
        return cls(dataset.frames, energies, forces)

    def save(self, path: Path) -> None:
        """Write them as safetensors; forces in single precision, whose rounding is far below any model's errors."""
        with replacing(path) as temporary:
            arrays = {"frames": self.frames, "energies": self.energies, "forces": self.forces.astype(np.float32)}
            save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, temporary)

    @classmethod
    def load(cls, path: Path) -> Predictions | None:
        """Read what `save` wrote; None if there is no such file or it is damaged."""
        try:
            arrays = load_file(path)
            frames, energies, forces = arrays["frames"], arrays["energies"], arrays["forces"].astype(np.float64)
        except (OSError, SafetensorError, KeyError, ValueError, TypeError):
            return None
        fits = frames.shape == energies.shape == forces.shape[:1] and forces.ndim == 3 and forces.shape[2] == 3
        return cls(frames, energies, forces) if fits else None
