"""Reading labelled frames where energies alone are of use: a few dozen of a level that is too expensive for forces."""

from __future__ import annotations

import os
from collections.abc import Collection

from supple.data.dataset import Dataset
from supple.data.reading.read_file import read
from supple.data.units import Units
from supple.errors import MissingForcesError


def read_forces_or_energies(
    path: str | os.PathLike[str],
    units: str | Units | None = None,
    keys: str | None = None,
    accept: Collection[str] = (),
) -> Dataset:
    """Read frames with forces or, if the file has none, with energies alone.

    Args:
        path, units, keys, accept: as in `read`.

    Raises:
        MissingForcesError: the file has neither.
        DataError, UnitsError, SettingsError: as in `read`.
    """
    try:
        return read(path, units=units, keys=keys, accept=accept)
    except MissingForcesError:
        dataset = read(path, units=units, keys=keys, accept=accept, labels="optional")
        if not dataset.has_energies:
            raise
        return dataset
