"""Writing a dataset in any format of the registry."""

from __future__ import annotations

import os
from pathlib import Path

from supple.data.dataset import Dataset
from supple.data.units import Units
from supple.data.writing.registry import WRITERS
from supple.errors import SettingsError


def format_of(path: Path, requested: str | None = None) -> str:
    """The name of the format to write: the one that is requested, or the first with the suffix of the path.

    Raises:
        SettingsError: there is no such format, no format has this suffix, or the requested format has another.
    """
    if requested is not None:
        suffixes = WRITERS.get(requested).suffixes
        if not path.name.lower().endswith(suffixes):
            raise SettingsError(
                f"{path.name} could not be read again as {requested}: choose a name that ends in {' or '.join(suffixes)}."
            )
        return requested
    formats = {name: WRITERS.get(name).suffixes for name in WRITERS}
    for name, suffixes in formats.items():
        if path.name.lower().endswith(suffixes):
            return name
    every = ", ".join(dict.fromkeys(suffix for suffixes in formats.values() for suffix in suffixes))
    raise SettingsError(f"{path.name} has no suffix of a format: choose a name that ends in one of {every}.")


def write(
    path: str | os.PathLike[str], dataset: Dataset, units: str | Units | None = None, to: str | None = None
) -> list[str]:
    """Write a dataset in one step.

    Args:
        path: the file to write or replace.
        dataset: what to write.
        units: to write in, as `Units.parse` takes them; if None, those of the dataset's own file, or of the format where it has
            units of its own.
        to: name of the format; by the suffix of the path if None.

    Returns:
        Names of the extras that the format cannot store.

    Raises:
        SettingsError: there is no such format, it has other units, a package that it needs is not installed, or `dataset` is
            none.
        UnitsError: the units are unknown.
        DataError: the format cannot hold the data.
    """
    if not isinstance(dataset, Dataset):
        swapped = isinstance(path, Dataset)
        wrong = "The path and the dataset are swapped" if swapped else f"A {type(dataset).__name__} is no dataset"
        raise SettingsError(f"{wrong}: call write(path, dataset).")
    path, units = Path(path), None if units is None else Units.parse(units)
    name = format_of(path, to)
    file_format = WRITERS.get(name)
    if units is not None and file_format.units is not None and units != file_format.units:
        raise SettingsError(
            f"Files of the format {name} are always in {file_format.units.shorthand}: leave out --out-units, or give these units."
        )
    return file_format.write(path, dataset, file_format.units or units or dataset.source.units)
