"""Archives of NumPy arrays: sGDML datasets, revised MD17, and others whose names the user gives.

Pickled content is never executed.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path

import numpy as np

from supple.data.reading.array_store import ArrayStore
from supple.data.reading.named_arrays import raw_from_arrays
from supple.data.reading.object_arrays import read_object_array
from supple.data.reading.open_file import open_binary
from supple.data.reading.raw_frames import RawFrames
from supple.data.reading.read_request import ReadRequest
from supple.errors import DataError


def load(path: Path, request: ReadRequest) -> RawFrames:
    """Read the arrays.

    Raises:
        DataError: the archive is damaged, or an array is missing, of a wrong shape, or holds objects or NaN.
    """
    try:
        with open_binary(path) as file:
            if isinstance(file, io.BufferedReader):
                archive = zipfile.ZipFile(file)
            else:  # a zip file is read from its end, and seeking backwards in gzip is slow
                archive = zipfile.ZipFile(io.BytesIO(file.read()))
            with archive:
                return raw_from_arrays(_Archive(archive, path.name), path.name, request)
    except zipfile.BadZipFile as error:
        raise DataError(f"{path.name} is damaged or not a .npz archive ({error}): copy it again.") from error


class _Archive(ArrayStore):
    """The arrays of an archive, each read on demand."""

    def __init__(self, archive: zipfile.ZipFile, file: str) -> None:
        self.archive = archive
        self.file = file
        self.names = [m.removesuffix(".npy") for m in archive.namelist() if m.endswith(".npy")]

    def array(self, name: str) -> np.ndarray:
        """One of them; arrays of Python objects are read without calling anything in them."""
        where = f"'{name}' of {self.file}"
        try:
            with self.archive.open(f"{name}.npy") as content:
                major, _ = np.lib.format.read_magic(content)
                header = np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
                if not header(content)[2].hasobject:
                    content.seek(0)
                    return np.lib.format.read_array(content, allow_pickle=False)
            with self.archive.open(f"{name}.npy") as content:
                return read_object_array(content.read(), where)
        except (ValueError, zlib.error, EOFError, RuntimeError, MemoryError, OverflowError) as error:
            raise DataError(f"{where} is damaged ({error}): copy the file again.") from error
