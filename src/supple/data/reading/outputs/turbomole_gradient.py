"""The file `gradient` of Turbomole, which xtb writes too: cycles of energy, coordinates and gradient in atomic units."""

from __future__ import annotations

import re

import numpy as np

from supple.data.reading.frames import Frame
from supple.data.reading.outputs.output_events import NUMBER, columns, damaged, elements, number
from supple.data.units import ENERGY, LENGTH, Units

_CYCLE = re.compile(rf"^ *cycle *= *\d+ +(.*?)energy *= *({NUMBER}) +\|dE/dxyz\| *= *({NUMBER}) *\n", re.MULTILINE)


def frames(content: bytes, name: str) -> list[Frame]:
    """The frames of the file, in eV, Å and eV/Å.

    Raises:
        DataError: a cycle is damaged, or its gradient has not the norm that the file states.
    """
    text = content.decode("latin-1").partition("$grad")[2].partition("$end")[0]
    parts = _CYCLE.split(text)
    try:
        if len(parts) == 1:
            raise ValueError("there is no cycle")
        return [_frame(*parts[k : k + 4]) for k in range(1, len(parts), 4)]
    except ValueError as error:
        raise damaged(name, "Turbomole or xtb", error) from error


def _frame(level: str, energy: str, norm: str, rows: str) -> Frame:
    lines = rows.strip().splitlines()
    n_atoms = len(lines) // 2
    atoms, gradient = "\n".join(lines[:n_atoms]), columns("\n".join(lines[n_atoms:]), first=0)
    positions = columns(atoms, first=0) * LENGTH["bohr"]
    if not len(positions) == len(gradient) == n_atoms:
        raise ValueError(f"there are {len(positions)} rows of coordinates, and {len(gradient)} of the gradient")
    if abs(np.linalg.norm(gradient) - number(norm)) > 2e-6:
        raise ValueError(f"|dE/dxyz| is stated as {norm}, and is {np.linalg.norm(gradient):.6f}")
    forces = -gradient * Units.of("hartree", "bohr").forces_in_ev_per_angstrom
    # the method is not stated, but whether it is a ground state
    theory = {} if level.strip() in ("", "SCF") else {"theory": level.strip()}
    return Frame(elements(atoms, column=3), positions, number(energy) * ENERGY["hartree"], forces, theory)
