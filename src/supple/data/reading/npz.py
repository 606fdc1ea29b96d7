"""Archives of NumPy arrays: sGDML datasets, revised MD17, and others whose names the user gives.

Pickled content is never loaded.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path

import numpy as np

from supple.data.reading.named_arrays import Store, raw_from_arrays
from supple.data.reading.object_arrays import read_object_array
from supple.data.reading.open_file import open_binary
from supple.data.reading.raw_frames import RawFrames
from supple.data.reading.read_request import ReadRequest
from supple.errors import DataError


def load(path: Path, request: ReadRequest) -> RawFrames:
    """Read the arrays that are needed, and no other.

    Raises:
        DataError: the archive is damaged, lacks an array, or one has a wrong shape, holds objects or NaN.
    """
    try:
        with open_binary(path) as file:
            if isinstance(file, io.BufferedReader):
                archive = zipfile.ZipFile(file)
            else:  # inside gzip going back is slow, and a zip file is read from its end
                archive = zipfile.ZipFile(io.BytesIO(file.read()))
            with archive:
                return raw_from_arrays(_Archive(archive, path.name), path.name, request)
    except zipfile.BadZipFile as error:
        raise DataError(f"{path.name} is damaged or no .npz archive ({error}): copy it again.") from error


class _Archive(Store):
    """The arrays of an archive, each read when it is asked for."""

    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self.archive = archive
        self.name = name
        self.members = [m.removesuffix(".npy") for m in archive.namelist() if m.endswith(".npy")]

    def array(self, member: str) -> np.ndarray:
        """One of them; arrays of Python objects are read as data."""
        where = f"'{member}' of {self.name}"
        try:
            with self.archive.open(f"{member}.npy") as opened:
                major, _ = np.lib.format.read_magic(opened)
                header = np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
                if not header(opened)[2].hasobject:
                    opened.seek(0)
                    return np.lib.format.read_array(opened, allow_pickle=False)
            with self.archive.open(f"{member}.npy") as opened:
                return read_object_array(opened.read(), where)
        except (ValueError, zlib.error, EOFError, RuntimeError, MemoryError, OverflowError) as error:
            raise DataError(f"{where} is damaged ({error}): copy the file again.") from error
