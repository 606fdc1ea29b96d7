"""The columns of the atom lines in xyz files: plain, or as `Properties=` declares them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from supple.data.reading.keys import Keys
from supple.errors import DataError


class Property(NamedTuple):
    """A property of atoms.

    Attributes:
        kind: of its values: S (text), R (real), I (integer) or L (logical).
        n_columns: number of its columns.
        first: index of the first of its columns.
    """

    kind: str
    n_columns: int
    first: int


@dataclass(frozen=True)
class Columns:
    """Which columns of the atom lines are read as what; columns are counted from 0.

    Attributes:
        width: number of columns.
        species: column of the symbol or atomic number.
        positions: first of the three columns of positions.
        forces: first of the three columns of forces; None without forces.
        others: the other properties that are kept, by name.
    """

    width: int
    species: int
    positions: int
    forces: int | None
    others: Mapping[str, Property] = field(default_factory=dict)

    @cached_property
    def vectors(self) -> tuple[int, ...]:
        """The three columns of positions, then the three of forces if there are any."""
        starts = [self.positions] if self.forces is None else [self.positions, self.forces]
        return tuple(start + k for start in starts for k in range(3))


@dataclass(frozen=True, eq=False)
class Declaration:
    """What the columns of the atom lines are.

    Attributes:
        properties: by name, in the order of the columns.
        species: name of the symbols or atomic numbers.
        positions: name of the positions.
    """

    properties: Mapping[str, Property]
    species: str
    positions: str

    @cached_property
    def vectors(self) -> list[str]:
        """The names of 3 real columns each, positions among them."""
        return [name for name, (kind, count, _) in self.properties.items() if kind == "R" and count == 3]

    def columns(self, forces: str | None, with_others: bool) -> Columns:
        """The columns to read.

        Args:
            forces: their name; None if none are read.
            with_others: whether other properties are kept.
        """
        used = (self.species, self.positions, forces)
        return Columns(
            width=sum(count for _, count, _ in self.properties.values()),
            species=self.properties[self.species].first,
            positions=self.properties[self.positions].first,
            forces=None if forces is None else self.properties[forces].first,
            others={name: p for name, p in self.properties.items() if with_others and name not in used},
        )


def plain_columns(width: int, file: str, line: int) -> Declaration:
    """The columns of plain xyz: symbol and position, or symbol, position and force.

    Raises:
        DataError: there are neither 4 nor 7 columns.
    """
    if width not in (4, 7):
        raise DataError(
            f"{file}: line {line} has {width} columns, but plain xyz has a symbol, 3 coordinates and possibly 3 forces: "
            "describe further columns with Properties=, as extended xyz does."
        )
    forces = {"forces": Property("R", 3, 4)} if width == 7 else {}
    return Declaration({"species": Property("S", 1, 0), "pos": Property("R", 3, 1), **forces}, "species", "pos")


def extended_columns(properties: str, keys: Keys, file: str, line: int) -> Declaration:
    """The columns that `Properties=` declares.

    Raises:
        DataError: the declaration is malformed, or lacks symbols or positions.
    """
    declared = _parse(properties, file, line)
    species = (keys.numbers.name,) if keys.numbers else ("species", "symbols", "Z", "numbers")
    positions = (keys.positions.name,) if keys.positions else ("pos", "positions")
    found = [next((name for name in names if name in declared), None) for names in (species, positions)]
    if found[0] is None or found[1] is None or declared[found[1]][:2] != ("R", 3):
        raise DataError(
            f"{file} has no species and positions among the Properties of line {line} ({', '.join(declared)}): "
            "name them with --keys numbers=NAME,positions=NAME."
        )
    return Declaration(declared, found[0], found[1])


def _parse(properties: str, file: str, line: int) -> dict[str, Property]:
    parts = properties.split(":")
    declared: dict[str, Property] = {}
    start = 0
    for name, kind, count in zip(parts[::3], parts[1::3], parts[2::3], strict=False):
        if not count.isdecimal() or name in declared:
            break
        declared[name] = Property(kind.upper(), int(count), start)
        start += int(count)
    if 3 * len(declared) != len(parts):
        raise DataError(
            f"{file}: Properties={properties} in line {line} is not a list of name:type:columns: correct that line."
        )
    return declared
