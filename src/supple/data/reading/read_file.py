"""Reading a file, or many as one: strictly, for training, or leniently, for checks."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from supple.data.bundled import or_bundled
from supple.data.dataset import Dataset
from supple.data.reading.defects import Defect, DefectHandler, DefectLog, LeavingOut
from supple.data.reading.find_files import common_folder, find_files
from supple.data.reading.keys import Keys
from supple.data.reading.labels.label_candidates import UnclearLabelsError
from supple.data.reading.merge_files import read_and_merge
from supple.data.reading.read_request import Labels, ReadRequest
from supple.data.reading.registry import reader_of
from supple.data.reading.resolve_units import to_dataset
from supple.data.units import Units
from supple.errors import DataError


def read(
    path: str | os.PathLike[str],
    units: str | Units | None = None,
    keys: Mapping[str, str] | str | None = None,
    labels: bool | Labels = True,
    molecule: str | None = None,
    accept: Collection[str] = (),
) -> Dataset:
    """Read geometries with energies and forces.

    Args:
        path: extended or plain xyz, .npz, HDF5, an ASE database, an output of a program, a folder of .npy
            files; or many files as one: a folder, or a pattern such as `runs/*/orca.out`; or the name of a bundled set,
            azobenzene or glycine.
        units: of the file, as `Units.parse` takes them; they override what the file states. Without labels a length
            unit alone is enough.
        keys: names of the quantities in the file, if they are not clear: `energy=NAME,forces=NAME*-1`, or a mapping;
            `energy=none` reads the forces alone.
            A frame whose energy, named in this way, is NaN is read as a frame of unknown energy.
        labels: True, or "required": every frame must have forces. False, or "ignored": only geometries are read.
            "optional": energies and forces are read where the file has them and their units are clear.
        molecule: which molecule, of a file that holds several.
        accept: with `unreadable` among them, files of a folder or pattern that cannot be read, as of calculations that
            failed, are left out, and named in `Source.notes`.

    Returns:
        The frames in eV, Å and eV/Å. Energies are all NaN if the file has none.

    Raises:
        DataError: the file is missing, damaged or of an unknown format, lacks forces that are required, or holds NaN
            or several molecules.
        UnitsError: the units are unknown, missing, or contradict the numbers.
        SettingsError: the keys are malformed.
    """
    if isinstance(labels, bool):
        labels = "required" if labels else "ignored"
    defects = LeavingOut() if "unreadable" in accept else DefectHandler()
    given, found = Path(path), or_bundled(Path(path))
    data = _read(found, ReadRequest(Keys.parse(keys), labels, molecule, defects), units)
    notes = defects.notes if isinstance(defects, LeavingOut) else data.source.notes
    return replace(data, source=replace(data.source, notes=notes, folder=_folder(given) if found == given else None))


@dataclass(frozen=True)
class Survey:
    """The content of a file as far as it could be read, and the defects of the rest.

    Attributes:
        path: of the file.
        dataset: the sound frames, in the units that the user gave, or else the file states, or else are the likeliest;
            None if nothing could be read.
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
    """Read a file as far as possible, and record its defects instead of refusing it.

    Args:
        path, units, keys, molecule: as in `read`.

    Raises:
        SettingsError: the keys are malformed.
        UnitsError: the units given are unknown.
    """
    path, log, dataset = or_bundled(Path(path)), DefectLog(), None
    request = ReadRequest(Keys.parse(keys), "required", molecule, log)
    given = None if units is None else Units.parse(units)
    try:
        dataset = _read(path, request, given)
    except DataError as error:
        if not log.defects:  # otherwise they say why nothing is left
            log.report("labels-unclear" if isinstance(error, UnclearLabelsError) else "unreadable", error)
    return Survey(path, dataset, log.defects)


def _folder(path: Path) -> Path:
    """The folder that a file or folder is in, or that the files of a pattern have in common."""
    return (path.parent if path.exists() else common_folder(path)).absolute()


def _read(path: Path, request: ReadRequest, units: str | Units | None) -> Dataset:
    files = find_files(path)
    if files == [path]:
        return _read_one(request, units)(path, request.defects)
    return read_and_merge(files, common_folder(path), _read_one(request, units), request.defects, path.name)


def _read_one(request: ReadRequest, units: str | Units | None) -> Callable[[Path, DefectHandler], Dataset]:
    """A function that reads a single file."""

    def read_one(file: Path, defects: DefectHandler) -> Dataset:
        own = replace(request, defects=defects)
        return to_dataset(reader_of(file)(file, own), file.name, units, own)

    return read_one
