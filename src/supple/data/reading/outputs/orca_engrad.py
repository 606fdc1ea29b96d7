"""ORCA's .engrad, which xtb writes too: the energy and gradient of a geometry, in hartree and bohr.

A heading says what the rows after it are; rows without an index have nothing else that says it.
"""

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

#: What the headings of the sections say, in their order.
_HEADINGS = ("number of atoms", "total energy", "current gradient", "current coordinates")


def load(path: Path, request: ReadRequest) -> RawFrames:
    """Read the frame, or several if such files have been written one after the other.

    Raises:
        DataError: the file is damaged.
        SettingsError: names of quantities were given.
    """
    request.keys.require_none(path.name, "an .engrad file of ORCA")
    with open_binary(path) as file:
        lines = file.read().decode("utf-8", "replace").splitlines()
    try:
        sections = _sections(lines)
        if len(sections) % len(_HEADINGS) or not sections:
            raise ValueError("a section is missing")
        frames = [_frame(sections[k : k + len(_HEADINGS)], path.name) for k in range(0, len(sections), len(_HEADINGS))]
    except (ValueError, IndexError) as error:
        raise DataError(
            f"{path.name} is not a complete .engrad file of ORCA: copy it again, or repeat the calculation."
        ) from error
    return combine_frames(frames, path.name, request, known=Units.of("hartree", "bohr"))


def _sections(lines: list[str]) -> list[tuple[str, list[list[str]]]]:
    """Headings, and the rows below each.

    Raises:
        ValueError: there are rows before the first heading.
    """
    sections: list[tuple[str, list[list[str]]]] = []
    for line in map(str.strip, lines):
        if line.startswith("#"):
            if heading := line.strip("# \t").lower():
                sections.append((heading, []))
        elif line and not sections:
            raise ValueError("there are rows without a heading")
        elif line:
            sections[-1][1].append(line.split())
    return sections


def _frame(sections: list[tuple[str, list[list[str]]]], name: str) -> Frame:
    """The frame of these sections.

    Raises:
        DataError: an atom is of no element; `name` is that of the file.
        ValueError, IndexError: rows are missing, or have too few or too many columns.
    """
    if not all(expected in heading for expected, (heading, _) in zip(_HEADINGS, sections, strict=True)):
        raise ValueError("the sections are not in their order")
    (number, energy, gradient, atoms) = (rows for _, rows in sections)
    n_atoms = parse_count(number[0][0]) or 0
    widths = [len(row) for row in number + energy + gradient] + [len(row) - 3 for row in atoms]
    if set(widths) != {1} or [len(number), len(energy), len(gradient), len(atoms)] != [1, 1, 3 * n_atoms, n_atoms]:
        raise ValueError("there are too few or too many rows or columns")
    numbers = read_elements((row[0] for row in atoms), name)
    positions = np.array([[required_number(x) for x in row[1:]] for row in atoms]).reshape(n_atoms, 3)
    forces = -np.array([required_number(row[0]) for row in gradient]).reshape(n_atoms, 3)
    return Frame(numbers, positions, required_number(energy[0][0]), forces)
