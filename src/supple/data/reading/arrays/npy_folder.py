"""A folder of .npy files: each is an array whose name is its path in the folder, for example `labels/forces`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from supple.data.reading.arrays.array_store import ArrayStore
from supple.data.reading.arrays.named_arrays import raw_from_arrays
from supple.data.reading.arrays.npy import read_npy
from supple.data.reading.open_file import open_binary
from supple.data.reading.raw_frames import RawFrames
from supple.data.reading.read_request import ReadRequest


def load(path: Path, request: ReadRequest) -> RawFrames:
    """Read the arrays.

    Raises:
        DataError: an array is missing, damaged, or of a wrong shape.
    """
    return raw_from_arrays(_Folder(path), path.name, request)


class _Folder(ArrayStore):
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names = sorted(file.relative_to(folder).with_suffix("").as_posix() for file in folder.rglob("*.npy"))

    def array(self, name: str) -> np.ndarray:
        """One of them; arrays of Python objects are read without calling anything in them."""
        file = self.folder / f"{name}.npy"
        with open_binary(file) as content:
            return read_npy(content, file.stat().st_size, str(file))
