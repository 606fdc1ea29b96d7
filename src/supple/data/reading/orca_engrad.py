"""ORCA's .engrad: the energy and gradient of one geometry, in hartree and bohr."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from supple.data.reading.element_symbols import read_elements
from supple.data.reading.frames import Frame, combine_frames
from supple.data.reading.open_file import open_binary
from supple.data.reading.raw_frames import RawFrames
from supple.data.reading.read_request import ReadRequest
from supple.data.reading.text_numbers import parse_count, required_number
from supple.data.units import Units
from supple.errors import DataError


def load(path: Path, request: ReadRequest) -> RawFrames:
    """Read the frame.

    Raises:
        DataError: the file is damaged.
    """
    with open_binary(path) as file:
        lines = file.read().decode("utf-8", "replace").splitlines()
    rows = [line.split() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    try:
        n_atoms, energy = parse_count(rows[0][0]) or 0, required_number(rows[1][0])
        gradient = np.array([required_number(row[0]) for row in rows[2 : 2 + 3 * n_atoms]]).reshape(n_atoms, 3)
        atoms = rows[2 + 3 * n_atoms :]
        if len(atoms) != n_atoms or n_atoms == 0:
            raise ValueError("other atoms than the count states")
        positions = np.array([[required_number(x) for x in row[1:4]] for row in atoms]).reshape(n_atoms, 3)
    except (ValueError, IndexError) as error:
        raise DataError(
            f"{path.name} is not a complete .engrad file of ORCA: copy it again, or repeat the calculation."
        ) from error
    numbers = read_elements((row[0] for row in atoms), path.name)
    frame = Frame(numbers, positions, energy, -gradient)
    return combine_frames([frame], path.name, request, convention=Units.of("hartree", "bohr"))
