"""Archives of NumPy arrays: sGDML datasets, revised MD17, and others whose names the user gives.

Pickled content is never executed.
"""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from supple.data.reading.arrays.array_store import ArrayStore
from supple.data.reading.arrays.named_arrays import raw_from_arrays
from supple.data.reading.arrays.npy import read_npy
from supple.data.reading.open_file import open_binary
from supple.data.reading.raw_frames import RawFrames
from supple.data.reading.read_request import ReadRequest
from supple.data.reading.unpacked_size import UnpackedSize
from supple.errors import DataError

#: What reading a damaged member may raise.
_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, RuntimeError)


def load(path: Path, request: ReadRequest) -> RawFrames:
    """Read the arrays.

    Raises:
        DataError: the archive is damaged, or an array is missing, of a wrong shape, or holds objects or NaN.
    """
    with open_npz(path) as archive:
        return raw_from_arrays(archive, path.name, request)


@contextmanager
def open_npz(path: Path) -> Iterator[NpzArchive]:
    """The arrays of an archive; compressed files, whose names end in .gz, are decompressed first.

    Raises:
        DataError: the file is missing, damaged or not an archive, also while it is read.
    """
    with open_binary(path) as file:
        # a zip file is read from its end, and a gzip file only from its beginning
        content = io.BytesIO(file.read()) if path.name.lower().endswith(".gz") else file
        try:
            archive = zipfile.ZipFile(content)
        except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
            raise DataError(f"{path.name} is damaged or not a .npz archive ({error}): copy it again.") from error
        with archive:
            yield NpzArchive(archive, path)


class NpzArchive(ArrayStore):
    """The arrays of an archive, each read on demand.

    Args:
        archive: open.
        path: of its file.
    """

    def __init__(self, archive: zipfile.ZipFile, path: Path) -> None:
        self.archive = archive
        self.file = path.name
        members = [member for member in archive.namelist() if member.endswith(".npy")]
        self.names = [member.removesuffix(".npy") for member in members]
        if len(set(members)) < len(members):
            raise DataError(f"{self.file} holds two arrays of the same name: it is damaged; write it again.")
        self._size = UnpackedSize(self.file, path.stat().st_size)
        self._counted: set[str] = set()

    def array(self, name: str) -> np.ndarray:
        """One of them; arrays of Python objects are read without calling anything in them."""
        where = f"'{name}' of {self.file}"
        member = self.archive.getinfo(f"{name}.npy")
        if name not in self._counted:
            self._counted.add(name)
            self._size.add(member.file_size)
        try:
            with self.archive.open(member) as content:
                return read_npy(content, member.file_size, where)
        except _DAMAGE as error:
            raise DataError(f"{where} is damaged ({error}): copy the file again.") from error
