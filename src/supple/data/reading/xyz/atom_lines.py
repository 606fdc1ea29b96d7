"""The atom lines of an xyz frame that the fast reader cannot parse: read one by one, or reported as errors."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

from supple.data.elements import atomic_number
from supple.data.reading.text_numbers import parse_number
from supple.data.reading.xyz.columns import Columns
from supple.data.reading.xyz.errors import FrameError, Location


def read_species(
    rows: list[str], columns: Columns, location: Location, following: Iterator[str]
) -> tuple[list[str], list[int]]:
    """Symbols and atomic numbers, line by line.

    Args:
        rows: lines of atoms.
        columns: what they hold.
        location: of the frame.
        following: lines after the frame.

    Raises:
        FrameError: a line has a wrong number of columns or no element; the frame is cut short.
    """
    species, numbers = [], []
    for k, row in enumerate(rows):
        line, parts = location.line + 2 + k, row.split()
        if len(parts) != columns.width:
            is_last = k == len(rows) - 1 and next(following, None) is None
            if not parts or is_last:
                raise FrameError("cut-short", location.cut_short(len(rows), k))
            raise location.wrong_width(line, len(parts), columns.width)
        z = atomic_number(parts[columns.species])
        if z is None:
            raise location.not_an_element(line, parts[columns.species])
        species.append(parts[columns.species])
        numbers.append(z)
    return species, numbers


def read_numbers(tokens: list[list[str]], columns: Columns, location: Location) -> array[float]:
    """Numbers, also as Fortran writes them.

    Args:
        tokens: for each of `columns.vectors`, one for each atom.
        columns: what the lines hold.
        location: of the frame.

    Raises:
        FrameError: one is not a number.
    """
    values = array("d")
    for of_column, column in zip(tokens, columns.vectors, strict=True):
        for atom, token in enumerate(of_column):
            value = parse_number(token)
            if value is None:
                raise location.not_a_number(location.line + 2 + atom, column + 1, token)
            values.append(value)
    return values
