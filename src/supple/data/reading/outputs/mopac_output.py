"""The output of MOPAC: the final geometry of each job with its heat of formation and Cartesian derivatives.

The heat of formation differs from an energy by a constant for each atom. It is in kcal/mol, the derivatives, which the
keyword GRADIENTS prints, in kcal/mol/Å.
"""

from __future__ import annotations

import re

import numpy as np
from jaxtyping import Float

from supple.data.reading.frames import Frame, Problem
from supple.data.reading.outputs.output_events import (
    NUMBER,
    columns,
    elements,
    number,
    read_events,
    require_counted,
)
from supple.data.units import ENERGY
from supple.errors import DataError

_PATTERNS = {
    name: re.compile(pattern, re.MULTILINE)
    for name, pattern in {
        "job": r"^ +(\S+) CALCULATION RESULTS",
        "charge": r"^ \* +CHARGE ON SYSTEM = +([-+]?\d+)",
        "solvent": r"^ \*  EPS=",
        "keyword": r"^ \*  ((?:PM6-|D3|DISP|C\.I\.|OPEN|ROOT|MOZYME|EXTERNAL|FIELD|MECI)\S*)",
        "closed shell": r"^ +RHF CALCULATION, NO\. OF DOUBLY OCCUPIED LEVELS",
        "open shell": r"^ +UHF CALCULATION, NO\. OF ALPHA ELECTRONS = +(\d+)\s+NO\. OF BETA +ELECTRONS = +(\d+)",
        "half-filled": r"^ +RHF CALCULATION, NO\. OF SINGLY OCCUPIED LEVELS|^ +THERE (?:IS|ARE) (?!0)\d+ (?:SINGLY|HALF)",
        "unconverged": r"UNABLE TO ACHIEVE SELF-CONSISTENCE|SCF FIELD WAS NOT ACHIEVED",
        "energy": rf"^ +FINAL HEAT OF FORMATION = +({NUMBER}) KCAL/MOL",
        "norm": rf"^ +GRADIENT NORM += +({NUMBER})",
        "gradient": r"^ +FINAL +POINT +AND +DERIVATIVES\s+PARAMETER.*\n((?: +\d+ +\d+ +\S+ .*\n)+)",
        "geometry": rf"^ +CARTESIAN COORDINATES *\n\s*\n((?: +\d+ +[A-Z][A-Za-z]?(?: +{NUMBER}){{3}} *\n)+)",
    }.items()
}


def frames(content: bytes, name: str) -> list[Frame]:
    """The frames of an output, in eV, Å and eV/Å.

    Raises:
        DataError: a table is damaged, the derivatives are not those of all Cartesian coordinates, or not of the energy.
    """
    return read_events(content, name, "MOPAC", _PATTERNS, _Reader(name))


class _Reader:
    """What the output has said last, up to some line."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.found: list[Frame] = []
        self._begin("")

    def _begin(self, method: str) -> None:
        """Begin a job: nothing of the one before applies."""
        self.levels = [method]
        self.state: dict[str, int] = {"charge": 0}
        self.unconverged = False
        self._end_of_frame()

    def _end_of_frame(self) -> None:
        self.energy: float | None = None
        self.derivatives: str | None = None
        #: Of the gradient, kcal/mol/Å, as it is stated with the energy.
        self.norm: float | None = None

    def read(self, event: str, match: re.Match[str]) -> None:
        if event == "job":
            self._begin(match.group(1))
        elif event == "charge":
            self.state["charge"] = int(match.group(1))
        elif event == "solvent":
            raise DataError(
                f"{self.name} is an output of MOPAC in a solvent (COSMO), where its gradients are not the derivatives of "
                "its energies: calculate without EPS."
            )
        elif event == "keyword":
            self.levels.append(match.group(1))
        elif event == "closed shell":
            self.state["multiplicity"] = 1
        elif event == "open shell":
            self.levels.append("UHF")
            self.state["multiplicity"] = int(match.group(1)) - int(match.group(2)) + 1
        elif event == "half-filled":
            self.state.pop("multiplicity", None)
        elif event == "unconverged":
            self.unconverged = True
        elif event in ("energy", "norm", "gradient"):
            self._result(event, match)
        elif self.energy is not None:  # coordinates before an energy are those of the input
            self._geometry(match.group(1))

    def frames(self) -> list[Frame]:
        """Those of the whole output."""
        if not self.found:
            raise DataError(
                f"{self.name} is an output of MOPAC without a final heat of formation, as of a scan or a calculation that "
                "failed: calculate each geometry with the keywords 1SCF and GRADIENTS."
            )
        return self.found

    def _result(self, event: str, match: re.Match[str]) -> None:
        if event == "energy":
            if self.energy is not None:
                raise ValueError("there are two heats of formation before one geometry")
            self.energy = number(match.group(1)) * ENERGY["kcal/mol"]
        elif event == "norm":
            self.norm = number(match.group(1))
        else:
            self.derivatives = match.group(1)

    def _geometry(self, rows: str) -> None:
        require_counted(rows, column=0)
        numbers, positions = elements(rows, column=1), columns(rows, first=2)
        forces = None if self.derivatives is None else self._forces(self.derivatives, positions)
        problem: Problem | None = "not-converged" if self.unconverged else None
        extras = {"theory": " ".join(dict.fromkeys(filter(None, self.levels))), **self.state}
        self.found.append(Frame(numbers, positions, self.energy, forces, extras, problem))
        self._end_of_frame()

    def _forces(self, rows: str, positions: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, "N 3"]:
        """Forces from rows of: index, atom, element, CARTESIAN, axis, value, derivative, unit.

        Raises:
            DataError: they are of internal coordinates, or not of all coordinates.
            ValueError: they are of another geometry.
        """
        table = [line.split() for line in rows.strip().splitlines()]
        cartesian = [row for row in table if len(row) == 8 and row[3] == "CARTESIAN" and row[7] == "KCAL/ANGSTROM"]
        if len(cartesian) != len(table) or len(table) != positions.size:
            raise DataError(
                f"{self.name} is an output of MOPAC with {len(cartesian)} derivatives with respect to Cartesian "
                f"coordinates, but {len(positions)} atoms have {positions.size}: give Cartesian coordinates with the flag 1 "
                "for each."
            )
        forces = np.empty_like(positions)
        for k, row in enumerate(cartesian):
            place = int(row[1]) - 1, "XYZ".index(row[4])
            if place != divmod(k, 3) or abs(float(row[5]) - positions[place]) > 2e-6:
                raise ValueError("the derivatives are not of the final geometry")
            forces[place] = -float(row[6]) * ENERGY["kcal/mol"]
        norm = np.linalg.norm(forces) / ENERGY["kcal/mol"]
        if self.norm is not None and abs(norm - self.norm) > 1e-5 * np.sqrt(forces.size) * max(1.0, norm):
            raise ValueError(f"the norm of the gradient is stated as {self.norm}, and is {norm:.5f}")
        return forces
