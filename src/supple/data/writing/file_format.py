"""FileFormat: a format in which datasets can be written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from supple.data.dataset import Dataset
from supple.data.units import Units

#: Writes a dataset to a file in the units given, and returns the names of the extras that the format cannot store.
#: It raises DataError if the format cannot hold the data.
WriteFunction = Callable[[Path, Dataset, Units], list[str]]


@dataclass(frozen=True)
class FileFormat:
    """A format that datasets are written in.

    Attributes:
        write: writes a file in one step: into a temporary file that then takes the place of the old one.
        suffixes: by which such files are recognised when they are read again, for instance `(".xyz", ".xyz.gz")`.
        units: of all files in this format; None if the user may choose.
    """

    write: WriteFunction
    suffixes: tuple[str, ...]
    units: Units | None = None
