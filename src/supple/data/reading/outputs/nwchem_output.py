"""The output of NWChem: analytic gradients of HF, DFT and MP2.

NWChem turns and shifts the molecule unless told otherwise; the tables of gradients have the coordinates in the same axes.
The title of a table says of which energy it is: of the last of that kind before it. Energies are in hartree, the tables
in bohr and hartree/bohr.
"""

from __future__ import annotations

import re

import numpy as np

from supple.data.reading.frames import Frame, Problem
from supple.data.reading.outputs.nuclear_repulsion import require_repulsion
from supple.data.reading.outputs.output_events import (
    NUMBER,
    columns,
    elements,
    frames_to_show,
    number,
    read_events,
    require_counted,
)
from supple.data.units import ENERGY, LENGTH, Units

_PATTERNS = {
    name: re.compile(pattern, re.MULTILINE)
    for name, pattern in {
        "job": r"^ +NWChem Input Module",
        "geometry": rf"^ *No\. +Tag +Charge +X +Y +Z *\n[ -]+\n((?: +\d+ \S+(?: +{NUMBER}){{4}} *\n)+)",
        "basis": r'^ *Summary of "ao basis" -> .*\n -+\n.*\n -.*\n((?: ?\S.*\n)+)',
        "functional": r"^ +XC Information\n +-+\n((?: +\S.*\n)+)",
        "charge": r"^ *[Cc]harge +[=:] +(-?\d+)",
        "reference": r"^ +wavefunction += +(RHF|UHF|ROHF)",
        "open shells": r"^ +open shells += +(\d+)",
        "alpha electrons": r"^ +alpha electrons += +(\d+)",
        "beta electrons": r"^ +beta +electrons += +(\d+)",
        "multiplicity": r"^ +Spin multiplicity: +(\d+)",
        "dispersion": r"^ +(DFT-D\S*) Model *$",
        "solvent": r"^ +-cosmo- solvent",
        "energy": rf"^ +Total (SCF|DFT|MP2|CCSD|CCSD\(T\)) energy(?: =|:)? +({NUMBER})",
        "repulsion": rf"^ *Nuclear repulsion energy = +({NUMBER})",
        "unconverged": r"failed to converge|Calculation failed to converge",
        "numerical": r"NWChem Numerical Gradients Module",
        "gradient": r"^ +(\S+) ENERGY GRADIENTS\n\n +atom +coordinates +gradient\n.*\n"
        rf"((?: +\d+ +\S+(?: +{NUMBER}){{6}} *\n)+)",
    }.items()
}
#: The energy that each title of a gradient means.
_ENERGIES = {"RHF": "SCF", "UHF": "SCF", "ROHF": "SCF", "DFT": "DFT", "MP2": "MP2"}


def frames(content: bytes, name: str) -> list[Frame]:
    """The frames of an output, in eV, Å and eV/Å: those with a gradient or, where there is no gradient, those with an energy.

    Raises:
        DataError: a table is damaged, or the gradients are numerical.
    """
    return read_events(content, name, "NWChem", _PATTERNS, _Reader())


class _Reader:
    """What the output has said last, up to some line."""

    def __init__(self) -> None:
        self.said: dict[str, str] = {}
        self.atoms: Frame | None = None
        self.energies: dict[str, float] = {}
        #: That of the nuclei, hartree, at the geometry of the last energy; and whether the output states it at all.
        self.repulsion: float | None = None
        self.states_repulsion = False
        self.multiplicity: int | None = None
        self.unconverged = False
        self.with_gradient: list[Frame] = []
        self.with_energy: list[Frame] = []

    def read(self, event: str, match: re.Match[str]) -> None:
        if event == "job":
            for name in ("solvent", "dispersion"):
                self.said.pop(name, None)
            self.energies = {}
        elif event == "geometry":
            rows = match.group(1)
            self.atoms = Frame(elements(rows, column=1), columns(rows, first=3), None, None)
        elif event == "energy":
            if match.group(1) in ("SCF", "DFT"):
                if self.states_repulsion and self.repulsion is None and match.group(1) in self.energies:
                    raise ValueError("there are two energies with one nuclear repulsion")
                self.repulsion = None  # follows
            self.energies[match.group(1)] = number(match.group(2)) * ENERGY["hartree"]
            if self.atoms is not None:
                problem: Problem | None = "not-converged" if self.unconverged else None
                last = Frame(self.atoms.numbers, self.atoms.positions, self.energies[match.group(1)], None, {}, problem)
                self.with_energy.append(last)
        elif event == "repulsion":
            if self.repulsion is not None:
                raise ValueError("there are two nuclear repulsions with one energy")
            self.repulsion, self.states_repulsion = number(match.group(1)), True
        elif event == "unconverged":
            self.unconverged = True
        elif event == "gradient":
            self._gradient(match.group(1).upper(), match.group(2))
            self.energies, self.unconverged = {}, False
        else:
            self.said[event] = match.group(match.lastindex or 0).strip()
            self._count_electrons(event)

    def _count_electrons(self, event: str) -> None:
        if event == "open shells":
            self.multiplicity = int(self.said[event]) + 1
        elif event == "beta electrons":
            alpha = self.said.pop("alpha electrons", None)  # printed before
            self.multiplicity = None if alpha is None else int(alpha) - int(self.said[event]) + 1
        elif event == "multiplicity":
            self.multiplicity = int(self.said[event])

    def _gradient(self, title: str, rows: str) -> None:
        energy = self.energies.get(_ENERGIES.get(title, ""))
        problem: Problem | None = "not-converged" if self.unconverged else "unpaired" if energy is None else None
        force_unit = Units.of("hartree", "bohr").forces_in_ev_per_angstrom
        extras: dict[str, str | int] = {"theory": self._theory(title)}
        if "charge" in self.said:
            extras["charge"] = int(self.said["charge"])
        if self.multiplicity is not None:
            extras["multiplicity"] = self.multiplicity
        numbers = elements(rows, column=1)
        positions, gradient = columns(rows, first=2) * LENGTH["bohr"], columns(rows, first=5)
        require_counted(rows, column=0)
        if self.repulsion is not None:
            require_repulsion(numbers, positions, self.repulsion)
        if self.atoms is not None and not np.array_equal(numbers, self.atoms.numbers):
            raise ValueError("the gradient is not of the same atoms as the geometry")
        self.with_gradient.append(Frame(numbers, positions, energy, -gradient * force_unit, extras, problem))

    def _theory(self, title: str) -> str:
        """For instance `UHF MP2/6-31g in a solvent`."""
        level = title
        if title == "DFT":
            functional = self.said.get("functional", "DFT")
            named = re.match(r"\s*(\S+) Method XC", functional)
            parts = [re.sub(r" +(?:non-)?local$", "", line).split() for line in functional.splitlines()]
            level = named.group(1) if named else " + ".join(" ".join(words) for words in parts)
            level = " ".join(filter(None, [level, self.said.get("dispersion")]))
        elif title == "MP2":
            level = f"{self.said.get('reference', '')} MP2".strip()
        sets = [line.split() for line in self.said.get("basis", "").splitlines()]
        basis = ", ".join(dict.fromkeys(words[1] for words in sets if len(words) > 1))
        solvent = " in a solvent" if "solvent" in self.said else ""
        return f"{level}/{basis}{solvent}" if basis else f"{level}{solvent}"

    def frames(self) -> list[Frame]:
        """Those of the whole output."""
        return frames_to_show(self.with_gradient, self.with_energy, self.atoms, unconverged=self.unconverged)
