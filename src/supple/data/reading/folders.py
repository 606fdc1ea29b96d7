"""Which files of a folder of calculations hold frames, and which of a program's several files is the one to read."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

from supple.data.reading.cp2k import pair
from supple.data.reading.programs import HEAD, program_of
from supple.errors import DataError

#: Formats that ASE knows by their beginning, and that hold energies and forces.
_OF_ASE = {"traj", "gpaw-out", "onetep-out", "abinit-out"}


def files_of(path: Path, suffixes: frozenset[str]) -> list[Path]:
    """The files of a folder, recursively, or of a pattern, in the order in which people count.

    A pattern is taken at its word. Of a folder, those files are taken that have one of the suffixes, or are outputs of
    programs by their content; of several that one calculation wrote, one.

    Raises:
        DataError: there are none.
    """
    if path.is_dir():
        found = [f for f in path.rglob("*") if f.is_file() and not _hidden(f.relative_to(path))]
        by_folder: dict[Path, list[Path]] = {}
        for file in found:
            by_folder.setdefault(file.parent, []).append(file)
        files = [file for members in by_folder.values() for file in _chosen(members, suffixes)]
    else:
        parts = path.parts
        first = next(k for k, part in enumerate(parts) if is_pattern(part))
        files = [f for f in Path(*parts[:first]).glob("/".join(parts[first:])) if f.is_file() and not _is_second(f)]
    if not files:
        raise DataError(f"There are no files of geometries in {path}.")
    return sorted(files, key=_counted)


def is_pattern(text: str) -> bool:
    """Whether a name stands for several."""
    return any(sign in text for sign in "*?[")


def _chosen(members: list[Path], suffixes: frozenset[str]) -> list[Path]:
    """The files of one folder that are read."""
    programs = {file: whose for file in members if (whose := _whose(file)) is not None}
    data = [file for file in members if _suffix(file) in suffixes and not _is_second(file)]
    paired = any(pair(file) for file in data)
    has_xml = any(whose == "VASP" and _suffix(file) == ".xml" for file, whose in programs.items())
    outputs = [
        file
        for file, whose in programs.items()
        if file not in data
        # OUTCAR and vasprun.xml are one calculation, with more digits in the second; dynamics of CP2K have their own files
        and not (whose == "VASP" and has_xml and _suffix(file) != ".xml")
        and not (whose == "CP2K" and paired)
    ]
    # ORCA writes NAME.xyz, NAME_trj.xyz, NAME.engrad beside its output
    stems = [Path(file.name.removesuffix(".gz")).stem for file in outputs if programs[file] == "ORCA"]
    beside = tuple(f"{stem}{sign}" for stem in stems for sign in "._")
    return outputs + [
        file for file in data if not (_suffix(file) in (".xyz", ".engrad") and file.name.startswith(beside))
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


def _suffix(file: Path) -> str:
    return Path(file.name.lower().removesuffix(".gz")).suffix


def _is_second(file: Path) -> bool:
    """Whether it is the second of a pair, whose first stands for both."""
    both = pair(file)
    return both is not None and file == both[1]


def _hidden(file: Path) -> bool:
    return any(part.startswith(".") for part in file.parts)


def _counted(path: Path) -> list[tuple[int, int, str]]:
    """run2 before run10."""
    words = re.split(r"(\d+)", str(path))
    return [(0, int(word), "") if word.isdigit() else (1, 0, word) for word in words]
