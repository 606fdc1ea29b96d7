"""The output of CP2K for single points: coordinates, energy and forces as FORCE_EVAL/PRINT/FORCES prints them.

Coordinates are in Å, energies in hartree, forces in hartree/bohr; the headings of the tables changed in 2025. Dynamics
print their positions elsewhere: `supple.data.reading.outputs.cp2k_dynamics` reads them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from supple.data.reading.frames import Frame, frame_of_atoms
from supple.data.reading.outputs.output_events import (
    NUMBER,
    columns,
    damaged,
    elements,
    events,
    number,
    require_counted,
)
from supple.data.units import ENERGY, Units
from supple.errors import DataError

_ROWS = rf"((?:\s*\d+\s+\d+\s+\S+\s+{{}}{NUMBER}\s+{NUMBER}\s+{NUMBER}.*\n)+)"
#: In the order in which they are printed for each geometry.
_PATTERNS = {
    "geometry": re.compile(r"ATOMIC COORDINATES IN ANGSTROM\s+Atom.*\n" + _ROWS.format(r"\d+\s+"), re.IGNORECASE),
    "energy": re.compile(rf"ENERGY\| Total FORCE_EVAL.*?({NUMBER})\s*$", re.MULTILINE),
    "forces": re.compile(
        rf"ATOMIC FORCES in \[a\.u\.\]\s+#.*\n{_ROWS.format('')}"
        rf"|FORCES\| Atomic forces \[hartree/bohr\]\n.*\n((?:\s*FORCES\|\s+\d+(?:\s+{NUMBER})+\n)+)"
    ),
}
_CELL = re.compile(
    rf"^ CELL\| Vector ([abc]) \[angstrom\]:?\s+({NUMBER}\s+{NUMBER}\s+{NUMBER})\s+\|[abc]\| += +({NUMBER})",
    re.MULTILINE,
)


def frames(content: bytes, name: str) -> list[Frame]:
    """The frames of an output, in eV, Å and eV/Å.

    Raises:
        DataError: a table is damaged, or the numbers of energies, tables of coordinates and tables of forces differ.
    """
    from ase import Atoms

    text = content.decode("latin-1")
    tables: dict[str, list[Any]] = {event: [] for event in _PATTERNS}
    order = []
    try:
        cell = _cell(text)
        for event, match in events(text, _PATTERNS):
            order.append(event)
            tables[event].append(_PARTS[event](match.group(match.lastindex or 0)))
    except (ValueError, IndexError) as error:
        raise damaged(name, "CP2K", error) from error
    geometries, energies, forces = tables["geometry"], tables["energy"], tables["forces"]
    in_turns = list(_PATTERNS)[: 3 if forces else 2] * len(geometries)
    if order != in_turns or not geometries:
        raise DataError(
            f"{name} is an output of CP2K with {len(geometries)} tables of coordinates, {len(energies)} energies and "
            f"{len(forces)} tables of forces, which do not match: of dynamics, read NAME-pos-1.xyz with NAME-frc-1.xyz "
            "beside it."
        )
    for (numbers, _), (names, table) in zip(geometries, forces, strict=False):
        if len(table) != len(numbers) or (names is not None and not np.array_equal(names, numbers)):
            raise DataError(
                f"{name}: the tables of coordinates and of forces are not of the same atoms: copy the file again."
            )
    box = {"cell": cell, "pbc": True} if cell is not None else {}
    force_unit = Units.of("hartree", "bohr").forces_in_ev_per_angstrom
    return [
        frame_of_atoms(
            Atoms(numbers, positions, **box),
            energies[k] * ENERGY["hartree"],
            forces[k][1] * force_unit if forces else None,
            {},
        )
        for k, (numbers, positions) in enumerate(geometries)
    ]


def _cell(text: str) -> Float[np.ndarray, "3 3"] | None:
    """The first cell, if there is one.

    Raises:
        ValueError: a vector is missing, doubled, or has not the length that is stated.
    """
    vectors = _CELL.findall(text)
    cell = np.array([columns(vector, first=0)[0] for _, vector, _ in vectors[:3]])
    lengths = [number(length) for _, _, length in vectors[:3]]
    if [letter for letter, _, _ in vectors] != list("abc") * (len(vectors) // 3) or (
        vectors and not np.allclose(np.linalg.norm(cell, axis=1), lengths, rtol=1e-3)
    ):
        raise ValueError("the vectors of the cell are not a, b and c")
    return cell if vectors else None


def _geometry(rows: str) -> tuple[Int[np.ndarray, "N"], Float[np.ndarray, "N 3"]]:
    """Atomic numbers and positions from rows of: atom, kind, element, atomic number, x, y, z ..."""
    require_counted(rows, column=0)
    numbers = np.array([int(line.split()[3]) for line in rows.strip().splitlines()])
    if not np.array_equal(numbers, elements(rows, column=2)):
        raise ValueError("an element has the number of another")
    return numbers, columns(rows, first=4)


def _forces(rows: str) -> tuple[Int[np.ndarray, "N"] | None, Float[np.ndarray, "N 3"]]:
    """Atomic numbers, if stated, and forces from rows of: atom, kind, element, x, y, z; or of: FORCES|, atom, x, y, z, size."""
    if "FORCES|" in rows:
        require_counted(rows, column=1)
        return None, columns(rows, first=2)
    require_counted(rows, column=0)
    return elements(rows, column=2), columns(rows, first=3)


_PARTS: dict[str, Callable[[str], Any]] = {"geometry": _geometry, "energy": number, "forces": _forces}
