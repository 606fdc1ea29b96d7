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

from supple.errors import DataError


@contextmanager
def open_binary(path: Path) -> Iterator[io.BufferedIOBase]:
    """The content of a file as bytes.

    Raises:
        DataError: the file is missing, empty, unreadable, or not a gzip file although its name ends in .gz; also while
            it is read.
    """
    try:
        if path.stat().st_size == 0:
            raise DataError(f"{path.name} is empty: it contains no frames.")
        compressed = path.name.lower().endswith(".gz")
        with gzip.open(path, "rb") if compressed else path.open("rb") as file:
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
