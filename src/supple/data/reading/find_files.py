"""Which files of a folder of calculations hold frames, and which of a program's several files is the one to read."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

from supple.data.reading.cp2k_dynamics import pair
from supple.data.reading.programs import HEAD, program_of
from supple.data.reading.registry import READERS, suffix_of
from supple.errors import DataError

#: Formats that ASE knows by their beginning, and that hold energies and forces.
_OF_ASE = {"traj", "gpaw-out", "onetep-out", "abinit-out"}


def find_files(path: Path) -> list[Path]:
    """The files to read: the path itself, or those of a folder or a pattern, with run2 before run10.

    Of a pattern, all files are read. Of a folder, searched recursively, those whose suffix has a reader, and outputs of
    programs, recognised by their content; of several files that one calculation wrote, one. A folder of .npy files is
    read as a whole.

    Raises:
        DataError: there are none.
    """
    if path.is_dir() and next(path.rglob("*.npy"), None) is None:
        suffixes = frozenset(READERS) - {".json"}  # which many programs write beside their results
        by_folder: dict[Path, list[Path]] = {}
        for file in path.rglob("*"):
            if file.is_file() and not _is_hidden(file.relative_to(path)):
                by_folder.setdefault(file.parent, []).append(file)
        files = [file for members in by_folder.values() for file in _chosen(members, suffixes)]
    elif path.exists():
        return [path]
    elif is_pattern(str(path)):
        folder = common_folder(path)
        files = [f for f in folder.glob(str(path.relative_to(folder))) if f.is_file() and not _is_second(f)]
    else:
        raise DataError(f"There is no file {path}.")
    if not files:
        raise DataError(f"There are no files of geometries in {path}.")
    return sorted(files, key=_numbers_in_order)


def common_folder(path: Path) -> Path:
    """A folder itself; of a pattern, the folders before the first wildcard."""
    if path.is_dir():
        return path
    fixed = next((k for k, part in enumerate(path.parts) if is_pattern(part)), len(path.parts))
    return Path(*path.parts[:fixed])


def is_pattern(text: str) -> bool:
    """Whether a name has the wildcards `*`, `?` or `[`."""
    return any(sign in text for sign in "*?[")


def _chosen(members: list[Path], suffixes: frozenset[str]) -> list[Path]:
    """The files of one folder that are read."""
    programs = {file: whose for file in members if (whose := _whose(file)) is not None}
    data = [file for file in members if suffix_of(file) in suffixes and not _is_second(file)]
    paired = any(pair(file) for file in data)
    has_xml = any(whose == "VASP" and suffix_of(file) == ".xml" for file, whose in programs.items())
    outputs = [
        file
        for file, whose in programs.items()
        if file not in data
        # OUTCAR and vasprun.xml are one calculation, with more digits in the second; dynamics of CP2K have their own files
        and not (whose == "VASP" and has_xml and suffix_of(file) != ".xml")
        and not (whose == "CP2K" and paired)
    ]
    # ORCA writes NAME.xyz, NAME_trj.xyz, NAME.engrad beside its output
    stems = [Path(file.name.removesuffix(".gz")).stem for file in outputs if programs[file] == "ORCA"]
    beside = tuple(f"{stem}{sign}" for stem in stems for sign in "._")
    return outputs + [
        file for file in data if not (suffix_of(file) in (".xyz", ".engrad") and file.name.startswith(beside))
    ]


def _whose(file: Path) -> str | None:
    """The program whose output a file is; None where it is of none that is known."""
    from ase.io.formats import UnknownFileTypeError, match_magic

    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as opened:
            head = opened.read(HEAD)
    except (OSError, EOFError):
        return None
    program = program_of(head)
    if program is not None:
        return program.name
    try:
        name: str = match_magic(head).name
    except UnknownFileTypeError:
        return None
    return name if name in _OF_ASE else None


def _is_second(file: Path) -> bool:
    """Whether it is the second of a pair, whose first stands for both."""
    both = pair(file)
    return both is not None and file == both[1]


def _is_hidden(file: Path) -> bool:
    return any(part.startswith(".") for part in file.parts)


def _numbers_in_order(path: Path) -> list[tuple[int, int, str]]:
    """run2 before run10."""
    words = re.split(r"(\d+)", str(path))
    return [(0, int(word), "") if word.isdigit() else (1, 0, word) for word in words]
