"""A reader of `.frames` files: JSON with the keys symbols, energy_unit, energies, positions (Å) and forces."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from ase.data import atomic_numbers

from supple.data.reading import RawFrames, ReadRequest, StatedUnits
from supple.errors import DataError


def load(path: Path, request: ReadRequest) -> RawFrames:
    """Read the frames of a file, in its own units.

    Raises:
        DataError: the file is not JSON, or lacks a key.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return RawFrames(
            numbers=np.array([atomic_numbers[symbol] for symbol in content["symbols"]]),
            positions=np.array(content["positions"], dtype=np.float64),
            energies=np.array(content["energies"], dtype=np.float64),
            forces=np.array(content["forces"], dtype=np.float64) if request.wants_labels else None,
            stated=StatedUnits(energy=content["energy_unit"], length="Å"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path.name} is not a .frames file ({error}): write it again.") from error
