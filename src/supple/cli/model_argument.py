"""The force field that a command takes as its first argument."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from supple.errors import SettingsError

if TYPE_CHECKING:
    from supple.models.potential import Potential


def load_model(model: Path, geometries: Path, command: str) -> Potential:
    """Load the force field.

    Args:
        model: file of the force field.
        geometries: the file of geometries that is given with it.
        command: the command line, with {} for each of the two, for messages.

    Raises:
        SettingsError: the two files are swapped.
        ModelFileError: the file is missing, damaged or not a model.
    """
    from supple.models.loading import load

    if geometries.suffix == ".safetensors" and model.suffix != ".safetensors":
        raise SettingsError(f"MODEL and FILE are swapped: write {command.format(geometries, model)}.")
    return load(model)
