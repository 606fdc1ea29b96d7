"""Writing datasets: one file per format, one function for all of them."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from supple.dataset import Dataset
from supple.errors import SettingsError
from supple.units import Units
from supple.writing.extxyz import write_extxyz

__all__ = ["FORMATS", "format_of", "write", "write_extxyz"]

#: name -> module:function. Each takes path, dataset and units, and returns what it could not keep.
_WRITERS = {
    "extxyz": "supple.writing.extxyz:write",
    "sgdml": "supple.writing.npz:write_sgdml",
    "rmd17": "supple.writing.npz:write_rmd17",
    "ase": "supple.writing.database:write_ase",
    "schnetpack": "supple.writing.database:write_schnetpack",
    "spice": "supple.writing.hdf5:write_spice",
}
FORMATS = tuple(_WRITERS)
#: What a suffix stands for, unless something else is said.
_SUFFIXES = {".xyz": "extxyz", ".extxyz": "extxyz", ".npz": "sgdml", ".db": "ase", ".h5": "spice", ".hdf5": "spice"}


def format_of(path: Path, wanted: str | None = None) -> str:
    """The format to write: as is said, or by the suffix.

    Raises:
        SettingsError: there is no such format, or the suffix says none.
    """
    if wanted is not None:
        if wanted not in _WRITERS:
            raise SettingsError(f"'{wanted}' is not a format to write: choose one of {', '.join(FORMATS)}.")
        return wanted
    suffix = Path(path.name.lower().removesuffix(".gz")).suffix
    if suffix not in _SUFFIXES:
        raise SettingsError(
            f"{path.name} says no format: let it end in one of {', '.join(_SUFFIXES)}, or name one with --to "
            f"({', '.join(FORMATS)})."
        )
    return _SUFFIXES[suffix]


def write(path: Path, dataset: Dataset, units: Units | None = None, to: str | None = None) -> list[str]:
    """Write a dataset in one step.

    Args:
        path: of the file to write or replace.
        dataset: what to write.
        units: to write in; those of the dataset's own file when None. Some formats have units of their own.
        to: the format; by the suffix of the path when None.

    Returns:
        Names of what the format has no room for.

    Raises:
        SettingsError: there is no such format, or what it needs is not installed.
        DataError: the format cannot hold the data.
    """
    module, _, function = _WRITERS[format_of(path, to)].partition(":")
    left_out: list[str] = getattr(import_module(module), function)(path, dataset, units or dataset.source.units)
    return left_out
