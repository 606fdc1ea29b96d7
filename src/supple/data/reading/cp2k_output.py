"""The output of CP2K for single points: coordinates, energy and forces as FORCE_EVAL/PRINT/FORCES prints them.

Coordinates are in Å, energies in hartree, forces in hartree/bohr; the headings of the tables changed in 2025. Dynamics
print their positions elsewhere: `supple.data.reading.cp2k_dynamics` reads them.
"""

from __future__ import annotations

import re

import numpy as np
from jaxtyping import Float, Int

from supple.data.reading.frames import Frame, frame_of_atoms
from supple.data.units import ENERGY, Units
from supple.errors import DataError

_NUMBER = r"[-+]?\d+\.\d*(?:[EeDd][-+]?\d+)?"
_ROWS = rf"((?:\s*\d+\s+\d+\s+\S+\s+{{}}{_NUMBER}\s+{_NUMBER}\s+{_NUMBER}.*\n)+)"
_COORDINATES = re.compile(r"ATOMIC COORDINATES IN ANGSTROM\s+Atom.*\n" + _ROWS.format(r"\d+\s+"), re.IGNORECASE)
_ENERGY = re.compile(rf"ENERGY\| Total FORCE_EVAL.*?({_NUMBER})\s*$", re.MULTILINE)
_FORCES = (
    re.compile(r"ATOMIC FORCES in \[a\.u\.\]\s+#.*\n" + _ROWS.format("")),
    re.compile(rf"FORCES\| Atomic forces \[hartree/bohr\]\n.*\n((?:\s*FORCES\|\s+\d+(?:\s+{_NUMBER})+\n)+)"),
)
_CELL = re.compile(rf"^ CELL\| Vector [abc] \[angstrom\]:?\s+({_NUMBER}\s+{_NUMBER}\s+{_NUMBER})", re.MULTILINE)


def frames(content: bytes, name: str) -> list[Frame]:
    """The frames of an output, in eV, Å and eV/Å.

    Raises:
        DataError: a table is damaged, or the numbers of energies, tables of coordinates and tables of forces differ.
    """
    from ase import Atoms

    text = content.decode("latin-1")
    try:
        geometries = [_geometry(rows) for rows in _COORDINATES.findall(text)]
        energies = [float(number.replace("D", "E")) for number in _ENERGY.findall(text)]
        forces = [_forces(rows) for pattern in _FORCES for rows in pattern.findall(text)]
        cell = np.array([[float(number) for number in row.split()] for row in _CELL.findall(text)[:3]])
    except (ValueError, IndexError) as error:
        raise DataError(
            f"{name} is an output of CP2K with a damaged line in a table of coordinates or forces: copy it again."
        ) from error
    if not geometries or len(energies) != len(geometries) or len(forces) not in (0, len(geometries)):
        raise DataError(
            f"{name} is an output of CP2K with {len(geometries)} tables of coordinates, {len(energies)} energies and "
            f"{len(forces)} tables of forces, which do not match: of dynamics, read NAME-pos-1.xyz with NAME-frc-1.xyz "
            "beside it."
        )
    if any(len(table) != len(numbers) for (numbers, _), table in zip(geometries, forces, strict=False)):
        raise DataError(
            f"{name}: the tables of coordinates and of forces are not of the same atoms: copy the file again."
        )
    box = {"cell": cell, "pbc": True} if cell.shape == (3, 3) else {}
    force_unit = Units.of("hartree", "bohr").forces_in_ev_per_angstrom
    return [
        frame_of_atoms(
            Atoms(numbers, positions, **box),
            energies[k] * ENERGY["hartree"],
            forces[k] * force_unit if forces else None,
            {},
        )
        for k, (numbers, positions) in enumerate(geometries)
    ]


def _geometry(rows: str) -> tuple[Int[np.ndarray, "N"], Float[np.ndarray, "N 3"]]:
    """Atomic numbers and positions from rows of: atom, kind, element, atomic number, x, y, z ..."""
    columns = [line.split() for line in rows.strip().splitlines()]
    return np.array([int(row[3]) for row in columns]), np.array([[float(x) for x in row[4:7]] for row in columns])


def _forces(rows: str) -> Float[np.ndarray, "N 3"]:
    """Forces from rows of: atom, kind, element, x, y, z; or of: FORCES|, atom, x, y, z, magnitude."""
    first = 2 if "FORCES|" in rows else 3
    return np.array([[float(x) for x in line.split()[first : first + 3]] for line in rows.strip().splitlines()])
