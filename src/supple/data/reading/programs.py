"""The programs whose outputs are read: by which words each is known, who reads it, what it says when a frame went wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: How much of a file is looked at to tell whose it is.
HEAD = 200_000


@dataclass(frozen=True)
class Program:
    """One of them.

    Attributes:
        name: of the program.
        words: by which its outputs are known.
        reader: `ase:` with the name of ASE's format, or `cclib`, or a module of ours.
        unconverged: what it says of a calculation that did not converge.
        energy: the line that it prints once for each frame, after that; None where there is none.
        theory: where it repeats the level of theory that it was asked for; the parts are joined.
    """

    name: str
    words: re.Pattern[bytes]
    reader: str
    unconverged: re.Pattern[bytes] | None = None
    energy: re.Pattern[bytes] | None = None
    theory: re.Pattern[bytes] | None = None

    def level(self, head: bytes) -> str | None:
        """The level of theory, as far as the beginning of an output says it."""
        parts = [] if self.theory is None else self.theory.findall(head)
        # long lines are broken in the middle of words
        words = [re.sub(r"\s*\n ", "", part.decode("latin-1")).strip() for part in parts]
        return " ".join(dict.fromkeys(word for word in words if word)) or None

    def failed(self, content: bytes, n_frames: int) -> list[int] | None:
        """The frames that did not converge; None where it cannot be told which."""
        if self.unconverged is None:
            return []
        places = [found.start() for found in self.unconverged.finditer(content)]
        if not places:
            return []
        if n_frames == 1:
            return [0]
        ends = [found.end() for found in self.energy.finditer(content)] if self.energy else []
        if len(ends) != n_frames:
            return None
        return sorted({min(sum(end <= place for end in ends), n_frames - 1) for place in places})


def _of(pattern: bytes) -> re.Pattern[bytes]:
    return re.compile(pattern, re.MULTILINE)


PROGRAMS = (
    Program(
        "ORCA", _of(rb"\* O   R   C   A \*"), "ase:orca-output",
        _of(rb"SCF NOT CONVERGED AFTER|Wavefunction not fully converged"),
        _of(rb"FINAL SINGLE POINT ENERGY.*$"),
        _of(rb"^\|\s*\d+>\s*!\s*(.+?)\s*$"),
    ),
    Program(
        "Gaussian", _of(rb"Entering Gaussian System"), "ase:gaussian-out",
        _of(rb"Convergence criterion not met|Convergence failure"),
        _of(rb"SCF Done:.*$"),
        _of(rb"^ -{9,}\n #(?:[pPnNtT](?=\s))?[ \t]*((?:.+\n)+?) -{9,}$"),
    ),
    Program(
        "FHI-aims", _of(rb"Invoking FHI-aims"), "ase:aims-output",
        _of(rb"scf_solver: SCF cycle not converged|Self-consistency cycle did not converge"),
        _of(rb"Energy and forces in a compact form:.*$"),
        _of(rb"^\s*xc\s+(\S.*?)\s*$"),
    ),
    Program("VASP", _of(rb"\A\s*vasp\.\d"), "ase:vasp-out", _of(rb"EDIFF was not reached"), _of(rb"free  energy   TOTEN.*$")),
    Program("VASP", _of(rb"<modeling>"), "ase:vasp-xml"),
    Program(
        "Quantum ESPRESSO", _of(rb"Program PWSCF"), "ase:espresso-out",
        _of(rb"convergence NOT achieved"), _of(rb"^!?\s+total energy\s+=.*$"),
    ),
    Program("NWChem", _of(rb"Northwest Computational Chemistry Package"), "ase:nwchem-out", _of(rb"failed to converge")),
    Program(
        "CP2K", _of(rb"^ CP2K\| version string"), "supple.data.reading.cp2k_output",
        _of(rb"SCF run NOT converged"), _of(rb"ENERGY\| Total FORCE_EVAL.*$"), _of(rb"^ FUNCTIONAL\| +(\w+):"),
    ),
    Program("Psi4", _of(rb"\bPsi4\b"), "cclib", _of(rb"Could not converge SCF")),
    Program("Q-Chem", _of(rb"Q-Chem"), "cclib", _of(rb"SCF failed to converge")),
    Program("Turbomole", _of(rb"T U R B O M O L E"), "cclib", _of(rb"convergence criteria cannot be satisfied")),
    Program("Molpro", _of(rb"PROGRAM SYSTEM MOLPRO"), "cclib", _of(rb"No convergence")),
)  # fmt: skip


def program_of(head: bytes) -> Program | None:
    """Whose output it is, by its beginning; None where the words of no program are there."""
    return next((program for program in PROGRAMS if program.words.search(head)), None)
