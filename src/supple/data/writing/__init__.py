"""Writing datasets: one file per format, one function for all of them."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from supple.data.dataset import Dataset
from supple.data.units import Units
from supple.data.writing.extxyz import write_extxyz
from supple.errors import SettingsError

__all__ = ["FORMATS", "format_of", "write", "write_extxyz"]

#: name -> module:function. Each takes path, dataset and units, and returns what it could not keep.
_WRITERS = {
    "extxyz": "supple.data.writing.extxyz:write",
    "sgdml": "supple.data.writing.npz:write_sgdml",
    "rmd17": "supple.data.writing.npz:write_rmd17",
    "ase": "supple.data.writing.database:write_ase",
    "schnetpack": "supple.data.writing.database:write_schnetpack",
    "spice": "supple.data.writing.hdf5:write_spice",
}
FORMATS = tuple(_WRITERS)
#: The suffixes of files in each format; the first format that has a suffix is what it stands for, unless another is named.
_SUFFIXES = {
    "extxyz": (".xyz", ".extxyz", ".xyz.gz", ".extxyz.gz"),
    "sgdml": (".npz",),
    "rmd17": (".npz",),
    "ase": (".db",),
    "schnetpack": (".db",),
    "spice": (".h5", ".hdf5"),
}
#: Formats whose units are their own.
_FIXED = {"rmd17": Units.of("kcal/mol"), "ase": Units(), "spice": Units.of("hartree", "bohr")}


def format_of(path: Path, wanted: str | None = None) -> str:
    """The format to write: as is said, or by the suffix.

    Raises:
        SettingsError: there is no such format, the suffix says none, or such files have another suffix.
    """
    if wanted is not None and wanted not in _WRITERS:
        raise SettingsError(f"'{wanted}' is not a format to write: choose one of {', '.join(FORMATS)}.")
    fitting = [name for name, suffixes in _SUFFIXES.items() if path.name.lower().endswith(suffixes)]
    if wanted is not None:
        if wanted not in fitting:
            raise SettingsError(f"{path.name} cannot be read again as {wanted}: let it end in {_SUFFIXES[wanted][0]}.")
        return wanted
    if not fitting:
        known = ", ".join(dict.fromkeys(suffix for suffixes in _SUFFIXES.values() for suffix in suffixes))
        raise SettingsError(f"{path.name} says no format: let it end in one of {known}.")
    return fitting[0]


def write(path: Path, dataset: Dataset, units: Units | None = None, to: str | None = None) -> list[str]:
    """Write a dataset in one step.

    Args:
        path: of the file to write or replace.
        dataset: what to write.
        units: to write in; those of the dataset's own file when None, where the format leaves the choice.
        to: the format; by the suffix of the path when None.

    Returns:
        Names of what the format has no room for.

    Raises:
        SettingsError: there is no such format, it has other units, or what it needs is not installed.
        DataError: the format cannot hold the data.
    """
    name = format_of(path, to)
    if units is not None and units != _FIXED.get(name, units):
        raise SettingsError(
            f"Files of the format {name} are in {_FIXED[name]}: leave out --out-units, or choose these."
        )
    module, _, function = _WRITERS[name].partition(":")
    left_out: list[str] = getattr(import_module(module), function)(path, dataset, units or dataset.source.units)
    return left_out
