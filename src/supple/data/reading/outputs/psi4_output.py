"""The output of Psi4: analytic gradients of HF, DFT, MP2 and coupled cluster.

Psi4 turns and shifts the molecule, and prints geometry and gradient in the axes that result. A gradient is read with the
geometry and the energy that are printed last before it, in hartree and hartree/bohr.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
from jaxtyping import Float

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

_GEOMETRY = (
    r"Geometry \(in (Angstrom|Bohr)\), charge = (-?\d+), multiplicity = (\d+):\n\s*Center.*\n[ -]+\n"
    rf"((?:[ \t]+\S+(?:[ \t]+{NUMBER}){{3,4}}[ \t]*\n)+)"
)
_PATTERNS = {
    name: re.compile(pattern, re.MULTILINE)
    for name, pattern in {
        "geometry": _GEOMETRY,
        "basis": r"^ +Name: (.+)\n +Role: ORBITAL",
        "functional": r"=> Composite Functional: (\S+) <=",
        "reference": r"^ +@(\S+) Final Energy:",
        "repulsion": rf"^\s+Nuclear [Rr]epulsion(?: Energy)?(?: \(a\.u\.\))? *[=:] +({NUMBER})",
        "scf energy": rf"^ +Total Energy = +({NUMBER})",
        "mp2 energy": rf"^\s+Total Energy +=\s+({NUMBER}) \[Eh\]",
        "density-fitted energy": rf"^\s+DF-((?!HF|SCS|SOS)\S+) Total Energy \(a\.u\.\)\s*:\s+({NUMBER})",
        "coupled-cluster energy": rf"^\s+\* (\S+) total energy\s+=\s+({NUMBER})",
        "gradient of scf": r"^ +SCF GRAD *$",
        "wave function": r"Wave ?function\s+=\s+(\S+)",
        "unconverged": r"Could not converge SCF",
        "numerical": r"gradient computation by finite difference of analytic energies",
        "gradient": rf"-Total [Gg]radient:\n.*\n[ -]+\n((?:[ \t]+\d+(?:[ \t]+{NUMBER}){{3}}[ \t]*\n)+)",
    }.items()
}


def frames(content: bytes, name: str) -> list[Frame]:
    """The frames of an output, in eV, Å and eV/Å: those with a gradient or, where there is no gradient, those with an energy.

    Raises:
        DataError: a table is damaged, or the gradients are numerical.
    """
    return read_events(content, name, "Psi4", _PATTERNS, _Reader())


class _Reader:
    """What the output has said last, up to some line."""

    def __init__(self) -> None:
        self.basis = self.functional = self.level = ""
        self.atoms: Frame | None = None
        self.energy: float | None = None
        #: The atoms at which the energy was calculated, and whether it is that of the SCF.
        self.atoms_of_energy: Frame | None = None
        self.is_scf = self.scf_gradient = self.unconverged = False
        #: Of the last energy, and what the coupled-cluster modules say that they calculate, such as `CCSD(T)` or `EOM_CCSD`.
        self.correlation = self.wave_function = ""
        self.with_gradient: list[Frame] = []
        self.with_energy: list[Frame] = []

    def read(self, event: str, match: re.Match[str]) -> None:
        if event == "geometry":
            self.atoms = _atoms(match)
        elif event == "repulsion":
            if self.atoms is not None:
                require_repulsion(self.atoms.numbers, self.atoms.positions, number(match.group(1)))
        elif event == "basis":
            self.basis = match.group(1).strip()
        elif event == "functional":
            self.functional = match.group(1)
        elif event == "reference":
            self.level = match.group(1) if match.group(1).endswith("HF") else f"{match.group(1)} {self.functional}"
        elif event == "unconverged":
            self.unconverged = True
        elif event == "wave function":
            self.wave_function = match.group(1).replace("_T", "(T)")
        elif event == "gradient of scf":
            self.scf_gradient = True
        elif event == "gradient":
            require_counted(match.group(1), column=0)
            self._gradient(columns(match.group(1), first=1))
        else:
            self._energy(event, match)

    def _energy(self, event: str, match: re.Match[str]) -> None:
        self.is_scf = event == "scf energy"
        if self.is_scf:
            self.correlation = self.wave_function = ""
        else:
            self.correlation = "MP2" if event == "mp2 energy" else match.group(1)
            self.level = f"{self.level.split(' + ')[0]} + {self.correlation}"
        self.energy = number(match.group(match.lastindex or 1)) * ENERGY["hartree"]
        if self.is_scf:  # from which all others follow
            self.atoms_of_energy = self.atoms
        if self.atoms is not None and self.is_scf:
            self.with_energy.append(self._frame(self.atoms, None, "not-converged" if self.unconverged else None))

    def _gradient(self, gradient: Float[np.ndarray, "N 3"]) -> None:
        if self.atoms is None or len(gradient) != len(self.atoms.numbers):
            raise ValueError("the gradient is not of the same atoms as the geometry")
        problem: Problem | None = "not-converged" if self.unconverged else None
        same = self.atoms_of_energy is not None and np.allclose(
            self.atoms_of_energy.positions, self.atoms.positions, atol=1e-8
        )
        # modules print no title of the gradient but that of the SCF: another gradient is of the energy that came last
        if problem is None and (
            not same or self.wave_function not in ("", self.correlation) or self.is_scf != self.scf_gradient
        ):
            problem = "unpaired"
        if self.atoms_of_energy is None and self.with_gradient:
            # two gradients of one energy: it is unclear which of them belongs to it
            self.with_gradient[-1] = replace(
                self.with_gradient[-1], problem=self.with_gradient[-1].problem or "unpaired"
            )
        self.with_gradient.append(self._frame(self.atoms, gradient, problem))
        self.atoms_of_energy = None
        self.scf_gradient = self.unconverged = False

    def _frame(self, atoms: Frame, gradient: Float[np.ndarray, "N 3"] | None, problem: Problem | None) -> Frame:
        force_unit = Units.of("hartree", "bohr").forces_in_ev_per_angstrom
        extras = {**atoms.extras, "theory": f"{self.level}/{self.basis}" if self.basis else self.level}
        forces = None if gradient is None else -gradient * force_unit
        return Frame(atoms.numbers, atoms.positions, self.energy, forces, extras, problem)

    def frames(self) -> list[Frame]:
        """Those of the whole output."""
        return frames_to_show(self.with_gradient, self.with_energy, self.atoms, unconverged=self.unconverged)


def _atoms(match: re.Match[str]) -> Frame:
    length = LENGTH["Å" if match.group(1) == "Angstrom" else "bohr"]
    rows = match.group(4)
    state = {"charge": int(match.group(2)), "multiplicity": int(match.group(3))}
    return Frame(elements(rows, column=0), columns(rows, first=1) * length, None, None, state)
