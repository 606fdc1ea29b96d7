"""The columns of the atom lines in xyz files: plain, or as `Properties=` declares them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from supple.data.reading.infer_keys import infer_forces, missing_key, no_forces
from supple.data.reading.keys import Keys
from supple.data.reading.read_request import ReadRequest
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
    """Which columns of the atom lines hold what; columns are counted from 0.

    Attributes:
        width: number of columns.
        species: column of the symbol or atomic number.
        positions: first of the three columns of positions.
        forces: first of the three columns of forces; None without forces.
        forces_name: the name of the forces.
        others: the other properties that are kept, by name.
    """

    width: int
    species: int
    positions: int
    forces: int | None
    forces_name: str = "forces"
    others: Mapping[str, Property] = field(default_factory=dict)

    @cached_property
    def vectors(self) -> tuple[int, ...]:
        """The three columns of positions, then the three of forces if there are any."""
        starts = [self.positions] if self.forces is None else [self.positions, self.forces]
        return tuple(start + k for start in starts for k in range(3))


def plain_columns(width: int, request: ReadRequest, file: str, line: int) -> Columns:
    """The columns of plain xyz: symbol and position, or symbol, position and force.

    Raises:
        DataError: there are neither 4 nor 7 columns, or no forces although they are required.
    """
    if width not in (4, 7):
        raise DataError(
            f"{file}: line {line} has {width} columns, but plain xyz has a symbol, 3 coordinates and possibly 3 forces: "
            "describe further columns with Properties=, as extended xyz does."
        )
    if width == 4 and request.requires_labels:
        raise no_forces(file)
    return Columns(width, 0, 1, 4 if width == 7 and request.wants_labels else None)


def extended_columns(properties: str, request: ReadRequest, file: str, line: int) -> Columns:
    """The columns that `Properties=` declares.

    Raises:
        DataError: the declaration is malformed, lacks symbols, positions, or forces although they are required; or it is
            unclear which columns are the forces.
    """
    declared = _parse(properties, file, line)
    species, positions = _species_and_positions(declared, request.keys, file, line)
    vectors = [name for name, (kind, count, _) in declared.items() if kind == "R" and count == 3]
    forces = None
    if request.wants_labels and request.keys.forces:
        forces = request.keys.forces.name
        if forces not in vectors:
            raise missing_key(file, request.keys.forces, vectors, f" of 3 real columns in line {line}")
    elif request.wants_labels:
        names = [name for name in vectors if name != positions]
        forces = infer_forces(names, file, optional=not request.requires_labels)
    used = (species, positions, forces)
    return Columns(
        width=sum(count for _, count, _ in declared.values()),
        species=declared[species].first,
        positions=declared[positions].first,
        forces=None if forces is None else declared[forces].first,
        forces_name=forces or "forces",
        others={name: p for name, p in declared.items() if request.wants_labels and name not in used},
    )


def _species_and_positions(declared: dict[str, Property], keys: Keys, file: str, line: int) -> tuple[str, str]:
    species = (keys.numbers.name,) if keys.numbers else ("species", "symbols", "Z", "numbers")
    positions = (keys.positions.name,) if keys.positions else ("pos", "positions")
    found = [next((name for name in names if name in declared), None) for names in (species, positions)]
    if found[0] is None or found[1] is None or declared[found[1]][:2] != ("R", 3):
        raise DataError(
            f"{file} has no species and positions among the Properties of line {line} ({', '.join(declared)}): "
            "name them with --keys numbers=NAME,positions=NAME."
        )
    return found[0], found[1]


def _parse(properties: str, file: str, line: int) -> dict[str, Property]:
    parts = properties.split(":")
    declared: dict[str, Property] = {}
    start = 0
    for name, kind, count in zip(parts[::3], parts[1::3], parts[2::3], strict=False):
        if not count.isdecimal():
            break
        declared[name] = Property(kind.upper(), int(count), start)
        start += int(count)
    if 3 * len(declared) != len(parts):
        raise DataError(
            f"{file}: Properties={properties} in line {line} is not a list of name:type:columns: correct that line."
        )
    return declared
