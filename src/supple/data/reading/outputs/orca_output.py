"""The output of ORCA: one job or several, single points, optimisations, scans, dynamics; any number of outputs in one file.

ORCA prints the geometry, then energy and gradient in either order. A line that ends one geometry's results begins the next; so
nothing is paired across jobs, steps or outputs.
"""

from __future__ import annotations

import re

import numpy as np
from jaxtyping import Float

from supple.data.elements import atomic_number
from supple.data.reading.frames import Frame
from supple.data.reading.outputs.nuclear_repulsion import require_repulsion
from supple.data.reading.outputs.orca_input import OrcaJob, jobs_of
from supple.data.reading.outputs.orca_step import Gradient, GradientKind, OrcaStep
from supple.data.reading.outputs.output_events import damaged
from supple.errors import DataError

_NUMBER = r"[-+]?\d+\.\d+"
_VECTOR = rf"({_NUMBER})\s+({_NUMBER})\s+({_NUMBER})"
_ATOM = re.compile(rf"[ \t]*([A-Z][a-z]?)[ \t]+{_VECTOR}[ \t]*\n")
#: Rows of ` 1   O   :    0.000   0.000   0.010`, and of `  0:   0.015   -0.003   0.011` for MP2.
_GRADIENT = re.compile(rf"[ \t]*(\d+)[ \t]*(?:([A-Z][a-z]?)[ \t]*)?:[ \t]*{_VECTOR}[ \t]*\n")
_LINES = re.compile(r"[ \t]*-+[ \t]*\n")
_EMPTY = re.compile(r"\s*\n")
_WARNING = re.compile(r"[ \t]*WARNING:.*\n(?:\s*\n)?")

#: The lines that matter. Looking at the first character before anything else makes the search ten times as fast.
_EVENTS = re.compile(
    r"\n[ \t]*(?=[*I$CFOESTDMNg<(])(?:"
    r"(?P<output>\* O   R   C   A \*)"
    r"|(?P<input>INPUT FILE)"
    r"|(?P<job>\$+ +JOB NUMBER +(?P<job_number>\d+))"
    r"|(?P<cycle>\*+ *GEOMETRY OPTIMIZATION CYCLE +(?P<cycle_number>\d+))"
    r"|(?P<cycles>\(AFTER +(?P<cycles_number>\d+) CYCLES\))"
    r"|(?P<geometry>CARTESIAN COORDINATES \(ANGSTROEM\))"
    r"|(?P<stationary>\*+ *FINAL ENERGY EVALUATION AT THE STATIONARY POINT)"
    rf"|(?P<energy>FINAL SINGLE POINT ENERGY(?P<before>[^\n]*?)[ \t]+(?P<final>{_NUMBER})(?P<after>.*))"
    r"|(?P<scf_gradient>ORCA SCF GRADIENT CALCULATION)"
    r"|(?P<excited_gradient>State of interest +\.+ +(?P<state>\d+))"
    r"|(?P<gradient>CARTESIAN GRADIENT(?P<numerical> \(NUMERICAL\))?)"
    r"|(?P<mp2_gradient>The final MP2 gradient)"
    rf"|(?P<norm>Norm of the [Cc]artesian gradient +\.+ +(?P<gradient_norm>{_NUMBER}))"
    rf"|(?P<repulsion>Nuclear Repulsion +(?::|ENuc +\.+) +(?P<nuclear_repulsion>{_NUMBER}))"
    rf"|(?P<scf_energy>Total Energy +: +(?P<scf_total>{_NUMBER}))"
    rf"|(?P<correction>(?:Dispersion|gCP(?:\+bas)?) correction +(?P<corrected>{_NUMBER}))"
    rf"|(?P<correlated>(?:MP2 TOTAL ENERGY *:|E\((?:CCSD|CCSD\(T\)|TOT)\) +\.+) +(?P<total>{_NUMBER}))"
    r"|(?P<root>DE\(\w+\) += +\S+ Eh *\((?P<spin>\w+ )?[Rr]oot +(?P<root_number>\d+)\))"
    rf"|(?P<excited_energy>E\(tot\) += +(?P<excited_total>{_NUMBER}) Eh)"
    r"|(?P<charge>Total Charge +Charge +\.+ +(?P<total_charge>-?\d+))"
    r"|(?P<multiplicity>Multiplicity +Mult +\.+ +(?P<spin_multiplicity>\d+))"
    rf"|(?P<dipole>Total Dipole Moment +: +(?P<moment>{_NUMBER} +{_NUMBER} +{_NUMBER}))"
    r"|(?P<displaced><+ *(?:Calculating|Energy and Gradient).*displaced geometr)"
    r"|(?P<unconverged>SCF NOT CONVERGED AFTER)"
    r")"
)


def frames(content: bytes, name: str) -> list[Frame]:
    """The frames of an output, in eV, Å and eV/Å; each with its level of theory, charge and multiplicity.

    Geometries at which nothing is calculated are left out, and the energy that ORCA repeats, without a gradient, at the
    end of an optimisation.

    Raises:
        DataError: a table is damaged, there are ghost atoms or point charges, or nothing has been calculated.
    """
    reader = _Reader("\n" + content.decode("latin-1").replace("\r\n", "\n") + "\n", name)
    for match in _EVENTS.finditer(reader.text):
        reader.take(match)
    return reader.frames()


class _Reader:
    """What the output has said, up to some line."""

    def __init__(self, text: str, name: str) -> None:
        self.text, self.name = text, name
        self.steps: list[OrcaStep] = []
        #: The geometry that the lines are about; None between an output, a job or an optimisation, and its next geometry.
        self.step: OrcaStep | None = None
        self.jobs, self.job = [OrcaJob()], OrcaJob()
        self.charge: int | None = None
        self.multiplicity: int | None = None
        self.stationary = False
        #: The number of the optimisation's cycle; 0 before the first.
        self.cycle = 0
        #: What the gradient that comes next is of.
        self.kind: GradientKind = "analytic"
        self.state: int | None = None

    def take(self, match: re.Match[str]) -> None:
        """Take in one of the lines that matter."""
        event = match.lastgroup
        if event in ("output", "input", "job"):
            self._begin(match)
        elif event in ("cycle", "cycles"):
            self._cycle(event, int(match[f"{event}_number"]))
        elif event == "stationary":
            self.step, self.stationary = None, True
        elif event == "geometry":
            self._geometry(match.end())
        elif event == "charge":
            self.charge = int(match["total_charge"])
        elif event == "multiplicity":
            self.multiplicity = int(match["spin_multiplicity"])
        elif event == "scf_gradient":
            self.kind, self.state = "scf", None
        elif event == "excited_gradient":
            self.kind, self.state = "excited", int(match["state"])
        elif self.step is not None:
            self._result(self.step, match)

    def frames(self) -> list[Frame]:
        """All frames, in the order of the output."""
        calculated = [step for step in self.steps if step.energies or step.gradients]
        if not calculated:
            raise DataError(
                f"{self.name} is an output of ORCA without any energy: the calculation has failed or is not finished."
            )
        shown: list[OrcaStep] = []
        stationary: Float[np.ndarray, "N 3"] | None = None
        for step in calculated:
            if step.stationary:
                stationary = step.positions
            repeated = step.stationary or (stationary is not None and np.array_equal(step.positions, stationary))
            if step.gradients or not repeated:
                shown.append(step)
        return [step.frame() for step in shown or calculated]

    def _begin(self, match: re.Match[str]) -> None:
        """A new output, input or job: nothing before it belongs to anything after it."""
        self.step, self.stationary, self.charge, self.multiplicity = None, False, None, None
        self.kind, self.state, self.cycle = "analytic", None, 0
        if match.lastgroup == "output":
            self.jobs, self.job = [OrcaJob()], OrcaJob()
        elif match.lastgroup == "input":
            end = self.text.find("END OF INPUT", match.end())
            self.jobs = jobs_of(self.text[match.end() : end if end >= 0 else None]) or [OrcaJob()]
            self.job = self.jobs[0]
        else:
            self.job = self.jobs[min(int(match["job_number"]), len(self.jobs)) - 1]

    def _cycle(self, event: str, number: int) -> None:
        """Where a part of the output is missing, its cycles do not follow each other."""
        if number not in ((1, self.cycle + 1) if event == "cycle" else (self.cycle,)):
            what = f"cycle {number} comes after {self.cycle}" if self.cycle else f"the first cycle is number {number}"
            raise damaged(self.name, "ORCA", ValueError(what))
        if event == "cycle":
            self.step, self.cycle = None, number

    def _geometry(self, start: int) -> None:
        numbers, rows = [], []
        place = self.text.index("\n", start) + 1
        if rule := _LINES.match(self.text, place):
            place = rule.end()
        while row := _ATOM.match(self.text, place):
            numbers.append(atomic_number(row[1]) or 0)
            rows.append([float(row[k]) for k in (2, 3, 4)])
            place = row.end()
        end = self.text[place : self.text.find("\n", place)].strip()
        if not rows or 0 in numbers or (end and not end.startswith("-")):
            if not end and not self.text[place:].strip():  # the output ends here
                self.step = None
                return
            raise DataError(
                f"{self.name} is an output of ORCA with '{end or 'nothing'}' among the atoms of geometry {len(self.steps)}: "
                "ghost atoms, dummy atoms and point charges are no atoms, and a damaged file must be copied again."
            )
        positions = np.array(rows, dtype=np.float64)
        self.step = OrcaStep(
            np.array(numbers, dtype=np.int64), positions, self.job, self.charge, self.multiplicity, self.stationary
        )
        self.steps.append(self.step)
        self.stationary, self.kind, self.state = False, "analytic", None

    def _result(self, step: OrcaStep, match: re.Match[str]) -> None:
        event = match.lastgroup
        step.charge = self.charge if self.charge is not None else step.charge
        step.multiplicity = self.multiplicity if self.multiplicity is not None else step.multiplicity
        if event == "gradient":
            kind: GradientKind = "numerical" if match["numerical"] else self.kind
            if kind == "numerical" or not step.displaced:
                step.gradients.append(Gradient(kind, self._gradient(step, match.end()), self.state))
        elif event in ("norm", "repulsion"):
            try:
                self._verify(step, match)
            except ValueError as error:
                raise damaged(self.name, "ORCA", error) from error
        elif event == "displaced":
            step.displaced = True
        elif not step.displaced:
            self._result_at_geometry(step, match)

    def _result_at_geometry(self, step: OrcaStep, match: re.Match[str]) -> None:
        event = match.lastgroup
        if event == "energy":
            remark = match["before"] + match["after"]
            step.energies.append(float(match["final"]))
            step.unconverged |= "not fully converged" in remark.lower()
            step.layered |= "QM" in remark
        elif event == "mp2_gradient":
            step.gradients.append(Gradient("mp2", self._gradient(step, match.end())))
        elif event == "scf_energy":
            step.scf_energy = float(match["scf_total"])
        elif event == "correction":
            step.corrections.append(float(match["corrected"]))
        elif event == "correlated":
            step.correlated.append(float(match["total"]))
        elif event == "root":
            step.excited.append((f"{match['spin'] or ''}state".lower(), int(match["root_number"]), np.nan))
        elif event == "excited_energy" and step.excited:
            step.excited[-1] = (*step.excited[-1][:2], float(match["excited_total"]))
        elif event == "dipole":
            step.dipoles.append(np.array([float(word) for word in match["moment"].split()]))
        elif event == "unconverged":
            step.unconverged = True

    def _verify(self, step: OrcaStep, match: re.Match[str]) -> None:
        """Whether what is printed of the geometry and of the gradient fits to them.

        Raises:
            ValueError: it does not.
        """
        if match.lastgroup == "norm" and step.gradients:
            norm = float(np.linalg.norm(step.gradients[-1].values))
            if abs(norm - float(match["gradient_norm"])) > 1e-8 * len(step.numbers) + 1e-5 * norm:
                raise ValueError(f"the norm of the gradient is stated as {match['gradient_norm']}, and is {norm:.9f}")
        elif match.lastgroup == "repulsion" and not (step.layered or step.displaced or step.job.in_field):
            require_repulsion(step.numbers, step.positions, float(match["nuclear_repulsion"]))

    def _gradient(self, step: OrcaStep, start: int) -> Float[np.ndarray, "N 3"]:
        """The table after its heading: a line, an empty line and a warning of constraints may come first."""
        place = self.text.index("\n", start) + 1
        for before in (_LINES, _EMPTY, _WARNING):
            if found := before.match(self.text, place):
                place = found.end()
        rows, symbols, labels = [], [], []
        while row := _GRADIENT.match(self.text, place):
            labels.append(int(row[1]))
            rows.append([float(row[k]) for k in (3, 4, 5)])
            symbols.append(row[2])
            place = row.end()
        numbers = [z if s is None else atomic_number(s) or 0 for z, s in zip(step.numbers, symbols, strict=False)]
        # counted from 1, or from 0 in a gradient of MP2
        counted = labels in (list(range(1, len(step.numbers) + 1)), list(range(len(step.numbers))))
        if not counted or not np.array_equal(numbers, step.numbers):
            raise DataError(
                f"{self.name} is an output of ORCA in which the gradient of geometry {len(self.steps) - 1} is not of its "
                f"{len(step.numbers)} atoms: the file is damaged or not finished; copy it again, or leave it out."
            )
        return np.array(rows, dtype=np.float64)
