"""The second line of a frame: an energy alone, or key=value pairs, among them the layout of the atom lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from supple.data.reading.keys import Key, Keys, infer_energy, infer_forces, no_forces, not_there
from supple.data.reading.raw_frames import NO_UNITS_STATED, StatedUnits
from supple.errors import DataError

_PAIR = re.compile(
    r"""("[^"]+"|'[^']+'|[^\s=]+)\s*=\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\{[^}]*\}|\[[^\]]*\]|[^\s]+)"""
)
_UNIT_KEYS = {
    "energy_unit": "energy",
    "energy_units": "energy",
    "length_unit": "length",
    "length_units": "length",
    "position_unit": "length",
    "positions_unit": "length",
    "force_unit": "forces",
    "force_units": "forces",
    "forces_unit": "forces",
    "forces_units": "forces",
    "unit": "combined",
    "units": "combined",
}


@dataclass(frozen=True)
class Layout:
    """Which columns of the atom lines hold what; columns are counted from 0.

    Attributes:
        width: how many columns there are.
        species: of the symbol or atomic number.
        positions: the first of the three.
        forces: the first of the three; None without forces.
        forces_name: what the forces are called.
        others: what else there is: name to type, first column and how many.
    """

    width: int
    species: int
    positions: int
    forces: int | None
    forces_name: str = "forces"
    others: Mapping[str, tuple[str, int, int]] = field(default_factory=dict)

    @cached_property
    def columns(self) -> tuple[int, ...]:
        """The columns to keep: 3 of positions, then 3 of forces where there are any."""
        starts = [self.positions] if self.forces is None else [self.positions, self.forces]
        return tuple(start + k for start in starts for k in range(3))


def pairs(comment: str) -> dict[str, str]:
    """The key=value pairs of a comment line; quotes and brackets around a value are taken off."""
    return {key.strip("\"'"): _bare(value) for key, value in _PAIR.findall(comment)}


def _bare(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return re.sub(r"\\(.)", r"\1", value[1:-1]) if "\\" in value else value[1:-1]
    return value.strip("{}[]")


def number(text: str) -> float | None:
    """A number as programs write it, `1.0D-3` included; None for anything else."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return float(text.replace("D", "E").replace("d", "e"))
    except ValueError:
        return None


def energy_name(info: dict[str, str], key: Key | None, file: str, frame: str) -> str | None:
    """The key of the energy in a comment; None where there is none.

    Raises:
        DataError: several keys may be it, or the one that the user named is not there.
    """
    if key is not None:
        if key.name not in info:
            raise not_there(file, key, list(info), f" in the comment of {frame}")
        return key.name
    # a word such as energy_method=PBE is no energy; energy=PBE is one that is damaged
    named = [
        name for name, value in info.items() if number(value) is not None or name.lower() in ("energy", "energies")
    ]
    return infer_energy(named, file)


def stated_units(info: dict[str, str]) -> StatedUnits:
    """The units that a comment states."""
    stated = {_UNIT_KEYS[key.lower()]: value for key, value in info.items() if key.lower() in _UNIT_KEYS}
    return StatedUnits(**stated) if stated else NO_UNITS_STATED


def plain_layout(width: int, labels: bool, file: str, line: int) -> Layout:
    """The published layout: symbol, position, and force unless the file has energies alone.

    Raises:
        DataError: there are neither 4 nor 7 columns, or no forces where they are wanted.
    """
    if width not in (4, 7):
        raise DataError(
            f"{file} has {width} columns in line {line}: expected a symbol and 3 coordinates, or those and 3 forces."
        )
    if labels and width == 4:
        raise no_forces(file, [])
    return Layout(width, 0, 1, 4 if width == 7 else None)


def extended_layout(properties: str, keys: Keys, labels: bool, file: str, line: int) -> Layout:
    """The layout that `Properties=` announces.

    Raises:
        DataError: it is not well-formed, lacks symbols, positions or forces, or several columns may be the forces.
    """
    columns = _columns(properties, file, line)
    vectors = [name for name, (kind, count, _) in columns.items() if kind == "R" and count == 3]
    species = _first(columns, (keys.numbers.name,) if keys.numbers else ("species", "symbols", "Z", "numbers"))
    places = _first(columns, (keys.positions.name,) if keys.positions else ("pos", "positions"))
    if species is None or places is None or places not in vectors:
        raise DataError(
            f"{file} has no species and positions among the Properties of line {line} ({', '.join(columns)}): "
            "name them with --keys numbers=NAME,positions=NAME."
        )
    forces = None
    if labels and keys.forces:
        if keys.forces.name not in vectors:
            raise not_there(file, keys.forces, vectors, f" of 3 real columns in line {line}")
        forces = keys.forces.name
    elif labels:
        forces = infer_forces([name for name in vectors if name != places], file)
    width = sum(count for _, count, _ in columns.values())
    start = None if forces is None else columns[forces][2]
    others = {
        name: (kind, first, count)
        for name, (kind, count, first) in columns.items()
        if labels and name not in (species, places, forces)
    }
    return Layout(width, columns[species][2], columns[places][2], start, forces or "forces", others)


def rest(info: dict[str, str], energy: str | None) -> dict[str, str]:
    """What a comment says beside the layout, the energy and the units; that a molecule is not periodic goes without."""
    return {
        key: value
        for key, value in info.items()
        if key != energy
        and key.lower() not in _UNIT_KEYS
        and key.lower() != "properties"
        and not (key.lower() == "pbc" and not set(value.split()) - {"F", "f", "0", "False", "false"})
    }


def _columns(properties: str, file: str, line: int) -> dict[str, tuple[str, int, int]]:
    """Name to kind, count and first column."""
    parts = properties.split(":")
    columns: dict[str, tuple[str, int, int]] = {}
    start = 0
    for name, kind, count in zip(parts[::3], parts[1::3], parts[2::3], strict=False):
        if not count.isdecimal():
            break
        columns[name] = (kind.upper(), int(count), start)
        start += int(count)
    if 3 * len(columns) != len(parts):
        raise DataError(
            f"{file} has Properties={properties} in line {line}, which is not a list of name:type:columns: mend it."
        )
    return columns


def _first(columns: dict[str, tuple[str, int, int]], names: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in columns), None)
