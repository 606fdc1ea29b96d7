"""Reading files of geometries: one file per format, one function for all of them."""

from __future__ import annotations

import gzip
import io
import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from supple.errors import DataError
from supple.reading.keys import Keys

if TYPE_CHECKING:
    from supple.dataset import Dataset
    from supple.units import Units

#: The formats: a file's suffix, and the module whose `load` reads it. Each may be compressed, with .gz after it.
_READERS = {
    ".xyz": "supple.reading.xyz",
    ".extxyz": "supple.reading.xyz",
    ".npz": "supple.reading.npz",
}


def read(
    path: str | os.PathLike[str],
    units: str | Units | None = None,
    keys: Mapping[str, str] | str | None = None,
    labels: bool = True,
) -> Dataset:
    """Read geometries with energies and forces.

    Args:
        path: an .xyz, .extxyz or .npz file, or one of them with .gz after it.
        units: what the file is written in, as `Units.parse` takes it; overrides what the file says of itself. Without
            labels a length unit alone is enough.
        keys: where things stand in the file, when that is not clear: `energy=NAME,forces=NAME*-1`, or a mapping. A
            frame whose energy, named in this way, is NaN is a frame whose energy is not known.
        labels: whether energies and forces are wanted; without them only the geometries are read.

    Returns:
        The frames in eV, Å and eV/Å. Energies are all NaN where the file has none.

    Raises:
        DataError: the file is missing, damaged, of an unknown format, has no forces, or its content is not sound.
        UnitsError: the units are not known, or contradict the numbers.
        SettingsError: the keys are not written as they should be.
    """
    from supple.reading.assemble import assemble

    path = Path(path)
    load = import_module(_READERS[_suffix(path)]).load
    with _opened(path) as file:
        raw = load(file, path.name, Keys.parse(keys), labels)
    return assemble(raw, path.name, units, labels)


def _suffix(path: Path) -> str:
    if path.is_dir():
        raise DataError(f"{path} is a directory: give a file of geometries.")
    name = path.name.lower().removesuffix(".gz")
    suffix = Path(name).suffix
    if suffix not in _READERS:
        raise DataError(
            f"{path.name} is of no known format: its name must end in one of {', '.join(_READERS)}, "
            "each also with .gz after it."
        )
    return suffix


@contextmanager
def _opened(path: Path) -> Iterator[io.BufferedIOBase]:
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
