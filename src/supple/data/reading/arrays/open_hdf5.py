"""Opening HDF5 files to read them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from supple.data.reading.arrays.hdf5_heaps import heaps_are_sound
from supple.data.reading.open_file import decompressed
from supple.data.reading.unpacked_size import UnpackedSize
from supple.errors import DataError
from supple.runtime.optional_dependencies import extra

#: Of the files that are open, by their names: what has been read of each.
_sizes: dict[str, UnpackedSize] = {}


@contextmanager
def open_hdf5(path: Path) -> Iterator[Any]:
    """The file as an `h5py.File`; compressed files, whose names end in .gz, are decompressed first.

    Raises:
        DataError: the file is missing, damaged or not HDF5, also while it is read; h5py is not installed.
    """
    with extra("hdf5", "h5py", f"Reading {path.name}", DataError):
        import h5py
    with decompressed(path) as file:
        if not heaps_are_sound(file):
            raise DataError(f"{path.name} is damaged (the heap of its texts): copy it again.")
        try:
            with h5py.File(file, "r") as opened:
                _sizes[opened.filename] = UnpackedSize(path.name, file.stat().st_size)
                try:
                    yield opened
                finally:
                    del _sizes[opened.filename]
        except (OSError, KeyError, RuntimeError, ValueError, TypeError, AttributeError, MemoryError) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise DataError(f"{path.name} is damaged or not an HDF5 file ({reason}): copy it again.") from error


def read_dataset(dataset: Any) -> np.ndarray:
    """The values of a dataset of a file that `open_hdf5` opened.

    Raises:
        DataError: they take more memory than any sound file of this size holds, or are those of another file.
    """
    size = _sizes.get(dataset.file.filename)
    if size is None:
        raise DataError(
            f"'{dataset.name}' is in another file, {Path(dataset.file.filename).name}: copy it into this one."
        )
    size.add(int(dataset.size or 0) * dataset.dtype.itemsize)
    return np.asarray(dataset[()])


def as_unicode(value: Any) -> str:
    """A text of an HDF5 file, which h5py gives as bytes or as str."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
