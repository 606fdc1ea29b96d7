"""The force field that a command takes as its first argument."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from supple.errors import SettingsError

if TYPE_CHECKING:
    from supple.data.dataset import Dataset
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


def arranged(potential: Potential, geometries: Dataset) -> Dataset:
    """The geometries with their atoms in the order of the force field; says so where that is another order.

    Raises:
        MoleculeError: they are of another molecule, or in an order that their bonds do not explain.
    """
    from supple.models.arrangement import arrange

    name = geometries.source.name
    arrangement = arrange(potential, geometries.numbers, geometries.positions, name)
    for note in arrangement.notes(name, "the force field"):
        typer.echo(note, err=True)
    return arrangement.of_dataset(geometries, potential)
