"""The registry of readers: the suffix of a file -> the function that reads such files.

A new format is a file beside this one and a line below; a package adds one by an entry point of the group
`supple.readers`, see docs/files.md.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from supple.data.reading.raw_frames import RawFrames
from supple.data.reading.read_request import ReadRequest
from supple.runtime.plugins import Registry

#: Reads a file; what it returns is in the file's own units. It raises DataError for a file that it cannot read.
Reader = Callable[[Path, ReadRequest], RawFrames]

#: Suffixes are in lower case; each file may also be compressed, with .gz after the suffix.
READERS: Registry[Reader] = Registry(
    "supple.readers",
    "file format",
    {
        ".xyz": "supple.data.reading.xyz.reader:load",
        ".extxyz": "supple.data.reading.xyz.reader:load",
        ".npz": "supple.data.reading.arrays.npz:load",
        ".db": "supple.data.reading.arrays.ase_database:load",
        ".json": "supple.data.reading.arrays.ase_database:load",
        ".h5": "supple.data.reading.arrays.hdf5:load",
        ".hdf5": "supple.data.reading.arrays.hdf5:load",
        ".engrad": "supple.data.reading.outputs.orca_engrad:load",
    },
)


def reader_of(path: Path) -> Reader:
    """The function that reads a file or a folder of arrays; files of any other suffix are outputs of programs.

    Raises:
        SettingsError: the reader is that of a plugin, and cannot be imported.
    """
    from supple.data.reading.outputs.cp2k_dynamics import position_and_force_files

    if path.is_dir():
        from supple.data.reading.arrays.npy_folder import load
    elif suffix_of(path) == ".xyz" and position_and_force_files(path) is not None:
        from supple.data.reading.outputs.cp2k_dynamics import load
    elif (suffix := suffix_of(path)) in READERS:
        return READERS.get(suffix)
    else:
        from supple.data.reading.outputs.program_outputs import load
    return load


def suffix_of(path: Path) -> str:
    """The suffix in lower case, that of a compressed file without .gz."""
    return Path(path.name.lower().removesuffix(".gz")).suffix
