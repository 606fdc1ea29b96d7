"""The programs whose outputs are read; a further one that ASE or cclib reads is one line of `PROGRAMS`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from supple.errors import DataError

#: The number of bytes from the beginning of a file by which its program is recognised.
HEAD = 200_000


@dataclass(frozen=True)
class Program:
    """A program whose outputs are read.

    Attributes:
        name: of the program.
        signature: by which its outputs are recognised.
        reader: `ase:` with the name of ASE's format; `cclib`; or `module:function`, a function that takes the content and
            the name of the file and returns frames in eV and Å.
        unconverged: what it prints for a calculation that did not converge.
        energy: the line that it prints once for each frame, after the line above; None if there is none.
        theory: where it repeats the level of theory of its input; several matches are joined.
        charge, multiplicity: where it states them, for programs whose reader does not say them frame by frame.
        options: for ASE's reader.
    """

    name: str
    signature: re.Pattern[bytes]
    reader: str
    unconverged: re.Pattern[bytes] | None = None
    energy: re.Pattern[bytes] | None = None
    theory: re.Pattern[bytes] | None = None
    charge: re.Pattern[bytes] | None = None
    multiplicity: re.Pattern[bytes] | None = None
    options: Mapping[str, bool] = field(default_factory=dict)

    def level_of_theory(self, head: bytes) -> str | None:
        """The level of theory that the beginning of an output states, if any."""
        parts = [] if self.theory is None else self.theory.findall(head)
        # long lines are broken within words
        levels = [re.sub(r"\s*\n ", "", part.decode("latin-1")).strip() for part in parts]
        return " ".join(dict.fromkeys(level for level in levels if level)) or None

    def state(self, content: bytes, name: str) -> dict[str, str]:
        """The charge and multiplicity that an output states, by these names.

        Raises:
            DataError: it states several, as an output of several jobs does.
        """
        stated = {}
        for quantity, pattern in (("charge", self.charge), ("multiplicity", self.multiplicity)):
            values = {float(match) for match in pattern.findall(content)} if pattern else set()
            if len(values) > 1:
                several = " and ".join(f"{value:g}" for value in sorted(values))
                raise DataError(
                    f"{name} is an output of {self.name} with {quantity} {several}: split it into one file for each job."
                )
            if values:
                stated[quantity] = f"{values.pop():g}"
        return stated

    def unconverged_frames(self, content: bytes, n_frames: int) -> list[int] | None:
        """Indices of the frames that did not converge; None if some did not, but it is unclear which."""
        if self.unconverged is None:
            return []
        places = [match.start() for match in self.unconverged.finditer(content)]
        if not places:
            return []
        if n_frames == 1:
            return [0]
        ends = [match.end() for match in self.energy.finditer(content)] if self.energy else []
        if len(ends) != n_frames:
            return None
        return sorted({min(sum(end <= place for end in ends), n_frames - 1) for place in places})


def _pattern(pattern: bytes) -> re.Pattern[bytes]:
    return re.compile(pattern, re.MULTILINE)


_OUTPUTS = "supple.data.reading.outputs"

PROGRAMS = (
    Program("Turbomole or xtb", _pattern(rb"\A\s*\$grad\b"), f"{_OUTPUTS}.turbomole_gradient:frames"),
    Program("ORCA", _pattern(rb"\* O   R   C   A \*"), f"{_OUTPUTS}.orca_output:frames"),
    Program("Gaussian", _pattern(rb"Entering Gaussian System"), f"{_OUTPUTS}.gaussian_output:frames"),
    Program(
        "FHI-aims", _pattern(rb"Invoking FHI-aims"), "ase:aims-output",
        unconverged=_pattern(rb"scf_solver: SCF cycle not converged|Self-consistency cycle did not converge"),
        energy=_pattern(rb"Energy and forces in a compact form:.*$"),
        theory=_pattern(rb"^\s*xc\s+(\S.*?)\s*$"),
        charge=_pattern(rb"^\s*Charge =\s+([-+.\dEe]+)\s*:"),
        options={"non_convergence_ok": True},  # reported frame by frame
    ),
    Program(
        "VASP", _pattern(rb"\A\s*vasp\.\d"), "ase:vasp-out",
        unconverged=_pattern(rb"EDIFF was not reached"),
        energy=_pattern(rb"free  energy   TOTEN.*$"),
    ),
    Program("VASP", _pattern(rb"<modeling>"), "ase:vasp-xml"),
    Program(
        "Quantum ESPRESSO", _pattern(rb"Program PWSCF"), "ase:espresso-out",
        unconverged=_pattern(rb"convergence NOT achieved"),
        energy=_pattern(rb"^!?\s+total energy\s+=.*$"),
    ),
    Program("NWChem", _pattern(rb"Northwest Computational Chemistry Package"), f"{_OUTPUTS}.nwchem_output:frames"),
    Program(
        "CP2K", _pattern(rb"^ CP2K\| version string"), f"{_OUTPUTS}.cp2k_output:frames",
        unconverged=_pattern(rb"SCF run NOT converged"),
        energy=_pattern(rb"ENERGY\| Total FORCE_EVAL.*$"),
        theory=_pattern(rb"^ (?:FUNCTIONAL\| +(?=\S+:)|vdW POTENTIAL\| +(?=DFT-))([^:\s]+)"),
        charge=_pattern(rb"^ DFT\| Charge +(-?\d+)"),
        multiplicity=_pattern(rb"^ DFT\| Multiplicity +(\d+)"),
    ),
    Program("Psi4", _pattern(rb"\bPsi4\b"), f"{_OUTPUTS}.psi4_output:frames"),
    Program("MOPAC", _pattern(rb"^ \*\* +MOPAC ?[v\d]"), f"{_OUTPUTS}.mopac_output:frames"),
    Program("xtb", _pattern(rb"^ +\| +x T B +\|"), f"{_OUTPUTS}.refused_outputs:xtb"),
    Program("Q-Chem", _pattern(rb"Q-Chem"), "cclib", _pattern(rb"SCF failed to converge")),
    Program("Turbomole", _pattern(rb"T U R B O M O L E"), f"{_OUTPUTS}.refused_outputs:turbomole"),
    Program("Molpro", _pattern(rb"PROGRAM SYSTEM MOLPRO"), "cclib", _pattern(rb"No convergence")),
)  # fmt: skip


def program_of(head: bytes) -> Program | None:
    """The program whose output a file is, by its beginning; None if it is of none of these."""
    return next((program for program in PROGRAMS if program.signature.search(head)), None)
