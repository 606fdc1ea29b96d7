"""Reading files of geometries: one file per format, one function for all of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from supple.data.reading.keys import Keys
from supple.data.reading.request import Damage, Defect, Ledger, Request
from supple.errors import DataError

if TYPE_CHECKING:
    from supple.data.dataset import Dataset
    from supple.data.reading.raw import Raw
    from supple.data.units import Units

#: The formats: a file's suffix, and the module whose `load` reads it. Each may be compressed, with .gz after it. Whatever
#: has another suffix is an output of a program.
_READERS = {
    ".xyz": "supple.data.reading.xyz",
    ".extxyz": "supple.data.reading.xyz",
    ".npz": "supple.data.reading.npz",
    ".db": "supple.data.reading.database",
    ".json": "supple.data.reading.database",
    ".h5": "supple.data.reading.hdf5",
    ".hdf5": "supple.data.reading.hdf5",
    ".engrad": "supple.data.reading.engrad",
}


def read(
    path: str | os.PathLike[str],
    units: str | Units | None = None,
    keys: Mapping[str, str] | str | None = None,
    labels: bool = True,
    molecule: str | None = None,
) -> Dataset:
    """Read geometries with energies and forces.

    Args:
        path: extended or plain xyz, .npz, HDF5, a database of ASE, an output that ASE or cclib reads, a folder of .npy
            files; or many files as one: a folder, or a pattern as `runs/*/orca.out`.
        units: what the file is written in, as `Units.parse` takes it; overrides what the file says of itself. Without
            labels a length unit alone is enough.
        keys: where things stand in the file, when that is not clear: `energy=NAME,forces=NAME*-1`, or a mapping. A
            frame whose energy, named in this way, is NaN is a frame whose energy is not known.
        labels: whether energies and forces are wanted; without them only the geometries are read.
        molecule: which molecule, of a file that holds several.

    Returns:
        The frames in eV, Å and eV/Å. Energies are all NaN where the file has none.

    Raises:
        DataError: the file is missing, damaged, of an unknown format, has no forces, or its content is not sound.
        UnitsError: the units are not known, or contradict the numbers.
        SettingsError: the keys are not written as they should be.
    """
    path = Path(path)
    return _read(path, Request(Keys.parse(keys), labels, molecule), units)


@dataclass(frozen=True)
class Survey:
    """A file as it is found: what could be read of it, and what is wrong with the rest.

    Attributes:
        path: of the file.
        dataset: the frames that are whole, in the units that were given, or that the file states, or, when neither is
            the case, in the likeliest; None where nothing could be read.
        defects: what is wrong, and in which frames.
    """

    path: Path
    dataset: Dataset | None
    defects: tuple[Defect, ...]


def survey(
    path: str | os.PathLike[str],
    units: str | Units | None = None,
    keys: Mapping[str, str] | str | None = None,
    molecule: str | None = None,
) -> Survey:
    """Read whatever can be read of a file, and write down what is wrong with it instead of refusing it.

    Args:
        path, units, keys, molecule: as in `read`.

    Raises:
        SettingsError: the keys are not written as they should be.
        UnitsError: the units given are not known.
    """
    from supple.data.units import Units

    path, ledger, dataset = Path(path), Ledger(), None
    request = Request(Keys.parse(keys), True, molecule, ledger)
    given = None if units is None else Units.parse(units)
    try:
        dataset = _read(path, request, given)
    except DataError as error:
        if not ledger.defects:  # else they say why nothing is left
            ledger.found("unreadable", error)
    return Survey(path, dataset, ledger.defects)


def _expanded(path: Path) -> list[Path]:
    """The files that a name stands for: itself, or those of a folder or a pattern.

    Raises:
        DataError: there are none.
    """
    from supple.data.reading.folders import files_of, is_pattern

    folder = path.is_dir() and next(path.rglob("*.npy"), None) is None
    if folder or (not path.exists() and is_pattern(str(path))):
        return files_of(path, frozenset(_READERS) - {".json"})  # which many programs write beside their results
    if not path.exists():
        raise DataError(f"There is no file {path}.")
    return [path]


def _read(path: Path, request: Request, units: str | Units | None) -> Dataset:
    """A file, or many as one."""
    from supple.data.reading.folders import is_pattern
    from supple.data.reading.many_files import read_many

    files = _expanded(path)
    if files == [path]:
        return _one(request, units)(path, request.damage)
    fixed = next((k for k, part in enumerate(path.parts) if is_pattern(part)), len(path.parts))
    root = path if path.is_dir() else Path(*path.parts[:fixed])
    return read_many(files, root, _one(request, units), request.damage, path.name)


def _one(request: Request, units: str | Units | None) -> Callable[[Path, Damage], Dataset]:
    """What reads one file."""
    from supple.data.reading.assemble import assemble

    def one(file: Path, damage: Damage) -> Dataset:
        raw: Raw = import_module(_reader(file)).load(file, replace(request, damage=damage))
        return assemble(raw, file.name, units, request.labels, damage)

    return one


def _reader(path: Path) -> str:
    """The module that reads a file."""
    if path.is_dir():
        return "supple.data.reading.npy_tree"
    suffix = Path(path.name.lower().removesuffix(".gz")).suffix
    if suffix == ".xyz":
        from supple.data.reading.cp2k import pair

        if pair(path) is not None:
            return "supple.data.reading.cp2k"
    return _READERS.get(suffix, "supple.data.reading.outputs")
