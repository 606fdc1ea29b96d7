"""Opening files: as bytes, unpacked where the name ends in .gz, with a sentence for whatever is the matter."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from supple.errors import DataError


@contextmanager
def opened(path: Path) -> Iterator[io.BufferedIOBase]:
    """The content of a file.

    Raises:
        DataError: it is missing, empty, not to be read, or no gzip file in spite of its name; while it is read, too.
    """
    try:
        if path.stat().st_size == 0:
            raise DataError(f"{path.name} is empty: it holds no frames.")
        packed = path.name.lower().endswith(".gz")
        with gzip.open(path, "rb") if packed else path.open("rb") as file:
            yield file
    except FileNotFoundError as error:
        raise DataError(f"There is no file {path}.") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(
            f"{path.name} is damaged or no gzip file ({error}): copy it again, or take .gz off its name."
        ) from error
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}).") from error
