"""Predictions of test frames, saved beside a model: the basis of parity plots, intervals and maps of errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from supple.data.dataset import Dataset
from supple.models.potential import Potential
from supple.runtime.files import replacing

#: Before the names of the arrays of error bars.
_PREFIX = "errors."


@dataclass(frozen=True, eq=False)
class PredictedErrors:
    """Error bars of predictions.

    Attributes:
        energies, forces: standard deviations, eV and eV/Å; of the force components of each atom, shape (M, N).
        energy_quantiles, force_quantiles: by which they are multiplied for intervals of 68 and 95 %, shape (2,).
    """

    energies: Float[np.ndarray, "M"]
    forces: Float[np.ndarray, "M N"]
    energy_quantiles: Float[np.ndarray, "2"]
    force_quantiles: Float[np.ndarray, "2"]


@dataclass(frozen=True, eq=False)
class Predictions:
    """A force field's predictions for some frames.

    Attributes:
        frames: their indices in the file, shape (M,).
        energies: eV, shape (M,); NaN for a force field trained without energies.
        forces: eV/Å, shape (M, N, 3).
        errors: error bars; None where the force field has none, and in files of older versions.
    """

    frames: Int[np.ndarray, "M"]
    energies: Float[np.ndarray, "M"]
    forces: Float[np.ndarray, "M N 3"]
    errors: PredictedErrors | None = None

    @classmethod
    def of(cls, potential: Potential, dataset: Dataset) -> Predictions:
        """The predictions of a force field for the frames of a dataset.

        Raises:
            MoleculeError: the frames are of another molecule or atom order.
        """
        potential.require_molecule(dataset)
        errors = None
        if potential.error_bars is None:
            energies, forces = potential.predict(dataset.positions)
        else:
            energies, forces, of_energies, of_forces = potential.predict(dataset.positions, uncertainty=True)
            of = potential.error_bars.calibrations
            quantiles = (np.nan, np.nan) if of.energy is None else of.energy.quantiles
            errors = PredictedErrors(of_energies, of_forces, np.array(quantiles), np.array(of.forces.quantiles))
        if not potential.provenance.has_energies:
            energies = np.full(len(dataset), np.nan)
        return cls(dataset.frames, energies, forces, errors)

    def save(self, path: Path) -> None:
        """Write them as safetensors; forces in single precision, whose rounding is far below any model's errors."""
        with replacing(path) as temporary:
            arrays = {"frames": self.frames, "energies": self.energies, "forces": self.forces.astype(np.float32)}
            if self.errors is not None:
                arrays |= {_PREFIX + name: array.astype(np.float32) for name, array in vars(self.errors).items()}
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
        return cls(frames, energies, forces, _errors(arrays, forces.shape[:2])) if fits else None


def _errors(arrays: Mapping[str, np.ndarray], shape: tuple[int, ...]) -> PredictedErrors | None:
    """The error bars among the arrays of a file; None where they are missing or damaged."""
    shapes = {"energies": shape[:1], "forces": shape, "energy_quantiles": (2,), "force_quantiles": (2,)}
    found = {name: arrays.get(_PREFIX + name) for name in shapes}
    if any(array is None or array.shape != shapes[name] for name, array in found.items()):
        return None
    return PredictedErrors(**{name: array.astype(np.float64) for name, array in found.items() if array is not None})
