"""Loading a force field of any kind from its file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from supple.errors import ModelFileError, SuppleError
from supple.models.model_file import damaged, read_model_file
from supple.models.potential import Potential
from supple.models.registry import COMPOSED, MODELS, potential_class
from supple.models.uncertainty.error_bars import ErrorBars, separated

#: No weight of a force field has so large a magnitude; in single and in double precision.
_LARGEST = (1e15, 1e100)


def load(path: str | Path, device: str | torch.device = "cpu") -> Potential:
    """Load a force field from its file.

    Args:
        path: of a .safetensors file that Supple wrote, or of a model of the sGDML package (.npz).
        device: where predictions are to run.

    Raises:
        ModelFileError: the file is missing, cut short, not a Supple model, of a newer format version, or of a kind that
            neither Supple nor an installed plugin has.
        SettingsError: the device does not exist on this machine.
    """
    path = Path(path)
    if path.suffix == ".npz":
        from supple.models.kernel.sgdml_package import load_sgdml_model

        return load_sgdml_model(path).to(device)
    header, arrays = read_model_file(path)
    if header.kind not in MODELS and header.kind not in COMPOSED:
        raise ModelFileError(
            f"{path} contains a model of kind '{header.kind}', which neither this version of Supple nor an installed plugin "
            f"provides (available: {', '.join(MODELS.names)}): install the package that it was trained with."
        )
    made_by = potential_class(header.kind)
    try:
        _require_numbers(arrays.items())
        arrays, of_novelty = separated(arrays)
        numbers = np.array(header.numbers, dtype=np.int64)
        potential = made_by.from_configuration(numbers, header.configuration, arrays)
        potential.module.load_state_dict(arrays)
        _require_numbers(potential.module.named_buffers())
        if header.connectivity is not None and header.connectivity.n_atoms != len(numbers):
            raise ValueError("the bonds are those of another molecule")
        if header.error_bars is not None:
            header.error_bars.require_atoms(len(numbers))
            potential.error_bars = ErrorBars(potential.restored_novelty(of_novelty), header.error_bars)
        elif of_novelty:
            raise ValueError("it has arrays of error bars, but no calibration")
    except SuppleError:
        raise
    except Exception as error:  # a forged file may cause any error
        raise damaged(path, error) from error
    potential.provenance = header.provenance
    potential.connectivity = header.connectivity or potential.recovered_connectivity()
    return potential.to(device)


def _require_numbers(arrays: Iterable[tuple[str, Tensor]]) -> None:
    """Refuse numbers that are not finite, or so large that what follows from them is not."""
    for name, array in arrays:
        if array.is_floating_point() and not (array.abs() < _LARGEST[array.dtype.itemsize > 4]).all():
            raise ValueError(f"{name.rpartition('.')[2]} holds numbers that are not finite, or far too large")
