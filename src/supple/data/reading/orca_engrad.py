"""ORCA's .engrad: the energy and gradient of a geometry, in hartree and bohr."""

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
    """Read the frame, or several if such files have been written one after the other.

    Raises:
        DataError: the file is damaged.
        SettingsError: names of quantities were given.
    """
    request.keys.require_none(path.name, "an .engrad file of ORCA")
    with open_binary(path) as file:
        lines = file.read().decode("utf-8", "replace").splitlines()
    rows = [line.split() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    frames: list[Frame] = []
    try:
        while rows or not frames:
            frame, rows = _frame(rows, path.name)
            frames.append(frame)
    except (ValueError, IndexError) as error:
        raise DataError(
            f"{path.name} is not a complete .engrad file of ORCA: copy it again, or repeat the calculation."
        ) from error
    return combine_frames(frames, path.name, request, convention=Units.of("hartree", "bohr"))


def _frame(rows: list[list[str]], name: str) -> tuple[Frame, list[list[str]]]:
    """The frame at the beginning, and the rows after it.

    Raises:
        DataError: an atom is of no element; `name` is that of the file.
        ValueError, IndexError: rows are missing, or have too few or too many columns.
    """
    n_atoms = parse_count(rows[0][0]) or 0
    gradient, atoms = rows[2 : 2 + 3 * n_atoms], rows[2 + 3 * n_atoms : 2 + 4 * n_atoms]
    widths = [len(row) for row in rows[:2] + gradient] + [len(row) - 3 for row in atoms]
    if n_atoms < 1 or set(widths) != {1}:
        raise ValueError("a row has too few or too many columns")
    numbers = read_elements((row[0] for row in atoms), name)
    positions = np.array([[required_number(x) for x in row[1:]] for row in atoms]).reshape(n_atoms, 3)
    forces = -np.array([required_number(row[0]) for row in gradient]).reshape(n_atoms, 3)
    return Frame(numbers, positions, required_number(rows[1][0]), forces), rows[2 + 4 * n_atoms :]
