"""Writing HDF5 files: where the disk is full, an error; HDF5 itself crashes when it cannot close a file that it cannot write."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from supple.runtime.optional_dependencies import extra

if TYPE_CHECKING:
    import h5py


@contextmanager
def writing_hdf5(path: Path, mode: Literal["r+", "w"]) -> Iterator[h5py.File]:
    """Open an HDF5 file to write to; what it holds after an error is undefined, so write to a temporary file.

    Raises:
        OSError: not everything could be written.
        SettingsError: h5py is not installed.
    """
    with extra("hdf5", "h5py", f"Writing {path.name}"):
        import h5py
    with _Unfailing(path, "r+" if mode == "r+" else "w+") as raw:
        try:
            with h5py.File(raw, mode) as file:
                yield file
        finally:
            if raw.failure is not None:
                raise raw.failure


_write = io.FileIO.write


class _Unfailing(io.FileIO):
    """A file that always claims to have written everything, and keeps the first `failure`."""

    failure: OSError | None = None

    def write(self, content: Any) -> int:
        """Write all of it, if possible."""
        view = memoryview(content).cast("B")
        try:
            done = 0
            while done < len(view):
                done += _write(self, view[done:]) or 0
        except OSError as error:
            self.failure = self.failure or error
        return len(view)

    def truncate(self, size: int | None = None) -> int:
        """Change the size, if possible."""
        try:
            return super().truncate(size)
        except OSError as error:
            self.failure = self.failure or error
            return size or 0
