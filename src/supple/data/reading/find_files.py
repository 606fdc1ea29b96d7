"""Finding the files to read: those of a folder of calculations, or of a pattern such as `runs/*/orca.out`."""

from __future__ import annotations

import re
from pathlib import Path

from supple.data.reading.open_file import open_binary
from supple.data.reading.outputs.cp2k_dynamics import position_and_force_files
from supple.data.reading.outputs.programs import HEAD, program_of
from supple.data.reading.registry import READERS, suffix_of
from supple.errors import DataError

#: Formats with energies and forces that ASE recognises by the beginning of a file.
_ASE_FORMATS = {"traj", "gpaw-out", "onetep-out", "abinit-out"}

#: The program of PROGRAMS that stands for the file `gradient`.
_GRADIENTS = "Turbomole or xtb"
#: What xtb writes beside its gradients: the end of an optimisation, and frequencies in the format of Gaussian.
_OF_XTB = {"xtbopt.xyz", "g98.out"}


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
        files = [f for f in folder.glob(str(path.relative_to(folder))) if f.is_file() and not _is_force_file(f)]
    else:
        raise DataError(f"There is no file {path}.")
    if not files:
        raise DataError(
            f"There are no files of geometries in {path}: check the path, or name the files with a pattern."
        )
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
    """The files of one folder that are read: of the several files of one calculation, one."""
    programs = {file: program for file in members if (program := _program_name(file)) is not None}
    data = [file for file in members if suffix_of(file) in suffixes and not _is_force_file(file)]
    has_cp2k_dynamics = any(position_and_force_files(file) for file in data)
    has_vasprun = any(program == "VASP" and suffix_of(file) == ".xml" for file, program in programs.items())
    has_engrad = any(suffix_of(file) == ".engrad" for file in data)
    has_gradient = has_engrad or _GRADIENTS in programs.values()
    outputs = [
        file
        for file, program in programs.items()
        if file not in data
        # OUTCAR and vasprun.xml are of one calculation, the latter with more digits
        and not (program == "VASP" and has_vasprun and suffix_of(file) != ".xml")
        # dynamics of CP2K have files of their own
        and not (program == "CP2K" and has_cp2k_dynamics)
        # xtb and Turbomole write gradients into files of their own, xtb into two
        and not (program in ("xtb", "Turbomole") and has_gradient)
        and not (program == _GRADIENTS and has_engrad)
        and not (has_gradient and file.name.removesuffix(".gz") in _OF_XTB)
    ]
    # ORCA and xtb write NAME.xyz, NAME_trj.xyz, NAME.engrad beside the output, or NAME.engrad beside the geometry
    stems = [_stem(file) for file in outputs if programs[file] == "ORCA"]
    beside = tuple(f"{stem}{separator}" for stem in stems for separator in "._")
    with_engrad = {_stem(file) for file in data if suffix_of(file) == ".engrad"}
    return outputs + [
        file
        for file in data
        if not (suffix_of(file) in (".xyz", ".engrad") and file.name.startswith(beside))
        and not (suffix_of(file) == ".xyz" and _stem(file) in with_engrad)
        and not (has_gradient and file.name.removesuffix(".gz") in _OF_XTB)
    ]


def _stem(file: Path) -> str:
    return Path(file.name.removesuffix(".gz")).stem


def _program_name(file: Path) -> str | None:
    """The program, or the format of ASE, that a file is an output of, by its content; None if it is of neither."""
    from ase.io.formats import UnknownFileTypeError, match_magic

    try:
        with open_binary(file) as content:
            head = content.read(HEAD)
    except DataError:
        return None
    program = program_of(head)
    if program is not None:
        return program.name
    try:
        name: str = match_magic(head).name
    except UnknownFileTypeError:
        return None
    return name if name in _ASE_FORMATS else None


def _is_force_file(file: Path) -> bool:
    """Whether it has the forces of CP2K dynamics, which are read with the file of positions beside it."""
    files = position_and_force_files(file)
    return files is not None and file == files[1]


def _is_hidden(file: Path) -> bool:
    return any(part.startswith(".") for part in file.parts)


def _numbers_in_order(path: Path) -> list[tuple[int, int, str]]:
    """run2 before run10."""
    words = re.split(r"(\d+)", str(path))
    return [(0, int(word), "") if word.isdigit() else (1, 0, word) for word in words]
