"""The output of CP2K for single points: coordinates, energy and forces as FORCE_EVAL/PRINT/FORCES prints them.

Coordinates are in Å, energies in hartree, forces in hartree/bohr; the tables changed their headings in 2025. Dynamics print
their positions elsewhere: `supple.data.reading.cp2k_dynamics` reads them.
"""

from __future__ import annotations

import re

import numpy as np

from supple.data.reading.frames import Frame
from supple.data.reading.periodic_boxes import is_alone, whole
from supple.data.units import ENERGY, LENGTH
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
    """The frames of an output, in eV and Å.

    Raises:
        DataError: it has several energies or forces, but no positions for each.
    """
    text = content.decode("latin-1")
    tables = [_table(found) for found in _COORDINATES.findall(text)]
    energies = [float(found.replace("D", "E")) for found in _ENERGY.findall(text)]
    forces = [_last_three(found) for pattern in _FORCES for found in pattern.findall(text)]
    if not tables or len(energies) != len(tables) or len(forces) not in (0, len(tables)):
        raise DataError(
            f"{name} is of CP2K, with {len(tables)} tables of coordinates, {len(energies)} energies and {len(forces)} "
            "tables of forces, which do not belong together: of dynamics give NAME-pos-1.xyz, with NAME-frc-1.xyz beside it."
        )
    cell = np.array([[float(word) for word in row.split()] for row in _CELL.findall(text)[:3]])
    if any(len(table) != len(numbers) for (numbers, _), table in zip(tables, forces, strict=False)):
        raise DataError(f"{name}: the tables of coordinates and of forces are not of the same atoms: copy it again.")
    made = []
    for k, (numbers, positions) in enumerate(tables):
        joined, more, trouble = positions, {}, None
        if cell.shape == (3, 3):
            from ase import Atoms

            atoms = Atoms(numbers, positions, cell=cell, pbc=True)
            joined, more = whole(atoms), {"cell": cell.ravel()}
            trouble = None if is_alone(atoms, joined) else "periodic"
        gradient = forces[k] * ENERGY["hartree"] / LENGTH["bohr"] if forces else None
        made.append(Frame(numbers, joined, energies[k] * ENERGY["hartree"], gradient, more, trouble))
    return made


def _table(rows: str) -> tuple[np.ndarray, np.ndarray]:
    """Atomic numbers and positions of: atom, kind, element, atomic number, x, y, z ..."""
    words = [line.split() for line in rows.strip().splitlines()]
    return np.array([int(word[3]) for word in words]), np.array([[float(w) for w in word[4:7]] for word in words])


def _last_three(rows: str) -> np.ndarray:
    """Forces of: atom, kind, element, x, y, z; or of: FORCES|, atom, x, y, z, magnitude."""
    first = 2 if "FORCES|" in rows else 3
    return np.array([[float(w) for w in line.split()[first : first + 3]] for line in rows.strip().splitlines()])
