"""Files that are read from several places at once, or by others: unpacked first, where they are compressed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from supple.data.reading.open_file import opened


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """The file itself, or what is in it when its name ends in .gz.

    Raises:
        DataError: it is missing, empty, or no gzip file in spite of its name.
    """
    with opened(path) as file:
        if path.suffix.lower() != ".gz":
            yield path
            return
        with tempfile.NamedTemporaryFile(suffix=Path(path.stem).suffix) as whole:
            shutil.copyfileobj(file, whole)
            whole.flush()
            yield Path(whole.name)
