"""Opening files to read them; those whose names end in .gz are decompressed."""

from __future__ import annotations

import gzip
import io
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from supple.data.reading.unpacked_size import UnpackedSize
from supple.errors import DataError

_CHUNK = 2**17


@contextmanager
def open_binary(path: Path) -> Iterator[io.BufferedIOBase]:
    """The content of a file as bytes.

    Raises:
        DataError: the file is missing, empty, unreadable, or not a gzip file although its name ends in .gz, or unpacks to
            far more than any sound file; also while it is read.
    """
    try:
        if path.stat().st_size == 0:
            raise DataError(f"{path.name} is empty: it contains no frames.")
        compressed = path.name.lower().endswith(".gz")
        with _unpacked(path) if compressed else path.open("rb") as file:
            yield file
    except FileNotFoundError as error:
        raise DataError(f"There is no file {path}.") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(
            f"{path.name} is damaged or not a gzip file ({error}): copy it again, or remove .gz from its name."
        ) from error
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}).") from error


@contextmanager
def decompressed(path: Path) -> Iterator[Path]:
    """The file itself, or a temporary file with its content if its name ends in .gz, for readers that need a path.

    Raises:
        DataError: as `open_binary`.
    """
    with open_binary(path) as file:
        if path.suffix.lower() != ".gz":
            yield path
            return
        with tempfile.NamedTemporaryFile(suffix=Path(path.stem).suffix) as copy:
            shutil.copyfileobj(file, copy)
            copy.flush()
            yield Path(copy.name)


def _unpacked(path: Path) -> io.BufferedReader:
    size = UnpackedSize(path.name, path.stat().st_size)
    return io.BufferedReader(_Unpacking(gzip.open(path, "rb"), size), _CHUNK)


class _Unpacking(io.RawIOBase):
    """The content of a gzip file, as long as it is not too much."""

    def __init__(self, packed: gzip.GzipFile, size: UnpackedSize) -> None:
        self._packed, self._size = packed, size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._packed.readinto(buffer)
        self._size.add(count)
        return count

    def readall(self) -> bytes:
        return b"".join(iter(lambda: self.read(_CHUNK) or b"", b""))

    def close(self) -> None:
        self._packed.close()
        super().close()
