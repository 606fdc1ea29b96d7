"""The output of Gaussian: one job or several in one file, single points, optimisations, scans, reaction paths and dynamics.

Gaussian prints the geometry, the energies, each of a higher level than the one before, and then the forces. Nothing is paired
across geometries, jobs or outputs.
"""

from __future__ import annotations

import re

import numpy as np

from supple.data.elements import atomic_number, not_elements
from supple.data.reading.frames import Frame
from supple.data.reading.outputs.gaussian_orientation import Axes, Geometry, Orientations, turned_onto
from supple.data.reading.outputs.gaussian_route import Route, continued, parse_route
from supple.data.reading.outputs.gaussian_step import GaussianStep
from supple.data.reading.outputs.nuclear_repulsion import require_repulsion
from supple.data.reading.outputs.output_events import damaged
from supple.errors import DataError

_NUMBER = r"[-+]?\d*\.\d+(?:[DEde][-+]?\d+)?"
_COORDINATE = r"[-+]?(?:\d+\.\d*|\.\d+)"
_VECTOR = rf"({_COORDINATE})[ \t]+({_COORDINATE})[ \t]+({_COORDINATE})[ \t]*\n"
#: Rows of the repeated input: a symbol, perhaps with further data, and x, y, z.
_AS_READ = re.compile(rf" ([A-Z][a-z]?|\d+)\S*[ \t]+(?:-?\d+[ \t]+)?{_VECTOR}")
#: Rows of tables: the centre (but not of forces on translation vectors), its atomic number, perhaps its type, and x, y, z.
_ROW = re.compile(rf"[ \t]*(?:(\d+)[ \t]+)?(-?\d+)(?:[ \t]+-?\d+)?[ \t]+{_VECTOR}")
_RULE = re.compile(r"[ \t]*-+[ \t]*\n")
_ABOVE_COORDINATES = re.compile(rf"{_RULE.pattern}.*\n.*\n{_RULE.pattern}")
_ABOVE_FORCES = re.compile(rf".*\n{_RULE.pattern}")

#: The lines that matter. Looking at the first character before anything else makes the search ten times as fast.
_EVENTS = re.compile(
    r"\n[ \t]*(?=[EL\-CIZSDWOQBRAFTn>*])(?:"
    r"(?P<output>Entering Gaussian System)"
    r"|(?P<internal>Link1: +Proceeding to internal job step)"
    r"|(?P<route>-{2,}[ \t]*\n (?P<words>#(?:.*\n){1,40}?) -{2,}[ \t]*(?=\n))"
    r"|(?P<charge>Charge += *(?P<total_charge>-?\d+) +Multiplicity += *(?P<spin>\d+))"
    r"|(?P<basis>Standard basis: +(?P<basis_name>\S+))"
    r"|(?P<orientation>(?P<axes>Input|Z-Matrix|Standard) orientation:)"
    rf"|(?P<repulsion>nuclear repulsion energy +(?P<nuclear_repulsion>{_NUMBER}) Hartrees)"
    r"|(?P<number>Step number +(?P<step_number>\d+) out of a maximum of)"
    rf"|(?P<largest>Cartesian Forces: +Max +(?P<largest_force>{_NUMBER}) RMS)"
    rf"|(?P<scf>SCF Done: +E\((?P<label>[^)]*)\) += +(?P<scf_energy>{_NUMBER}))"
    rf"|(?P<correlated>(?:E2 += +\S+ +EUMP2|E3 *= *\S+ +EUMP3|E4\(\w+\) *= *\S+ +UMP4\(\w+\)|DEMP5 *= *\S+ +MP5"
    rf"|E2\([^)]+\) += +\S+ +E\([^)]+\)|DE\(Corr\) *= *\S+ +E\(CORR\)|DE\(CI\) *= *\S+ +E\(CI\)"
    rf"|Wavefunction amplitudes converged\. E\(Corr\)|(?:CCSD|QCISD|BD)\(T\)) *= *(?P<correlated_energy>{_NUMBER}))"
    r"|(?P<root>Excited State +(?P<root_number>\d+):)"
    r"|(?P<of_interest>This state for optimization)"
    rf"|(?P<excited>Total Energy, E\([^)]*\) *= *(?P<excited_energy>{_NUMBER}))"
    rf"|(?P<other>(?:Energy= *(?P<bare_energy>{_NUMBER}) +NIter=|Recovered energy= *(?P<recovered>{_NUMBER})))"
    r"|(?P<unclear>After PCM corrections, the energy is)"
    r"|(?P<part>ONIOM: generating point|Counterpoise: doing)"
    rf"|(?P<oniom>ONIOM: extrapolated energy *= *(?P<oniom_energy>{_NUMBER}))"
    rf"|(?P<counterpoise>Counterpoise: corrected energy *= *(?P<counterpoise_energy>{_NUMBER}))"
    r"|(?P<unconverged>(?:>+ )?Convergence (?:criterion not met|failure))"
    r"|(?P<in_field>The following finite field\(s\) will be applied)"
    r"|(?P<restored>\*+ Axes restored to original set)"
    r"|(?P<standard_forces>Forces in standard orientation)"
    r"|(?P<forces>Center +Atomic +Forces \(Hartrees/Bohr\))"
    r")"
)


def frames(content: bytes, name: str) -> list[Frame]:
    """The frames of an output, in eV, Å and eV/Å; each with its level of theory, charge and multiplicity.

    Geometries at which nothing is calculated are left out. So are energies without forces, and forces without an energy, of a
    geometry for which both have been printed before: of higher levels, or at the end of an optimisation.

    Raises:
        DataError: a table is damaged, there are ghost atoms, or nothing has been calculated.
    """
    reader = _Reader("\n" + content.decode("latin-1").replace("\r\n", "\n") + "\n", name)
    for match in _EVENTS.finditer(reader.text):
        reader.take(match)
    return reader.frames()


class _Reader:
    """What the output has said, up to some line."""

    def __init__(self, text: str, name: str) -> None:
        self.text, self.name = text, name
        self.steps: list[GaussianStep] = []
        #: The geometry that the lines are about; None between a job and its first geometry.
        self.step: GaussianStep | None = None
        self.route = Route()
        self.charge: int | None = None
        self.multiplicity: int | None = None
        self.as_read: Geometry | None = None
        self.internal = False
        #: Whether the lines are about a fragment of a counterpoise correction, or about one layer of several.
        self.in_part = False
        #: The number of the optimisation's step; 0 before the first.
        self.number = 0
        self.restarted = False
        self.unconverged = False
        self.root: int | None = None
        self.basis = ""
        #: What the table of forces that comes next is in.
        self.restored = self.in_standard = False

    def take(self, match: re.Match[str]) -> None:
        """Take in one of the lines that matter."""
        event = match.lastgroup
        if event == "output":
            self._begin(Route())
        elif event == "internal":
            self.internal = True
        elif event == "route":
            if self.route.level and self.charge is None:
                return  # a title that begins with #
            route = parse_route(match["words"])
            self._begin(continued(route, self.route) if self.internal else route)
            self.restarted = "restart" in match["words"].lower()
        elif event == "part":
            self.in_part = True
        elif event == "charge":
            if self.charge is None:  # fragments and layers follow
                self.charge, self.multiplicity = int(match["total_charge"]), int(match["spin"])
                self._as_read(match.end())
        elif event == "basis":
            self.basis = match["basis_name"]
        elif event == "orientation":
            if not self.in_part:
                self._orientation(match)
        elif self.step is not None:
            self._result(self.step, match)
        elif event == "forces":
            raise DataError(
                f"{self.name} is an output of Gaussian with forces before the geometry that they belong to: leave the file "
                "out, or repeat the calculation with #P."
            )

    def frames(self) -> list[Frame]:
        """All frames, in the order of the output."""
        calculated = [step for step in self.steps if step.energies or step.forces]
        if not calculated:
            raise DataError(
                f"{self.name} is an output of Gaussian without any energy: the calculation has failed or is not finished."
            )
        shown: list[GaussianStep] = []
        complete: Geometry | None = None
        for step in calculated:
            if step.forces and step.energies:
                complete = step.geometry.printed
            elif complete is not None and turned_onto(step.geometry.printed, complete) is not None:
                continue
            shown.append(step)
        return [step.frame() for step in shown]

    def _begin(self, route: Route) -> None:
        """A new output or job: nothing before it belongs to anything after it."""
        self.route, self.step, self.as_read, self.number = route, None, None, 0
        self.charge = self.multiplicity = self.root = None
        self.internal = self.in_part = self.unconverged = self.restored = self.in_standard = False

    def _count(self, number: int) -> None:
        """Where a part of the output is missing, its steps do not follow each other; a step is printed after its forces."""
        if number not in (1, self.number + 1) and not (self.restarted and self.number == 0):
            what = f"step {number} comes after {self.number}" if self.number else f"the first step is number {number}"
            raise damaged(self.name, "Gaussian", ValueError(what))
        self.number, self.step = number, None

    def _as_read(self, end: int) -> None:
        numbers, rows = [], []
        place = self.text.index("\n", end) + 1
        while row := _AS_READ.match(self.text, place):
            numbers.append(atomic_number(row[1]) or 0)
            rows.append([float(row[k]) for k in (2, 3, 4)])
            place = row.end()
        complete = not self.text[place : self.text.find("\n", place)].strip()
        self.as_read = Geometry(np.array(numbers), np.array(rows)) if rows and complete and 0 not in numbers else None

    def _table(self, start: int, heading: re.Pattern[str]) -> tuple[list[int], list[list[float]]]:
        """The rows of a table, below the rest of its heading."""
        above = heading.match(self.text, self.text.index("\n", start) + 1)
        place = above.end() if above else start
        numbers: list[int] = []
        rows: list[list[float]] = []
        centres: list[int] = []
        while row := _ROW.match(self.text, place):
            centres.append(len(rows) + 1 if row[1] is None else int(row[1]))
            numbers.append(int(row[2]))
            rows.append([float(row[k]) for k in (3, 4, 5)])
            place = row.end()
        if above is None or not rows or centres != list(range(1, len(rows) + 1)) or not _RULE.match(self.text, place):
            raise DataError(
                f"{self.name} is an output of Gaussian that ends, or is damaged, within the coordinates or forces of geometry "
                f"{max(len(self.steps) - 1, 0)} or the next: copy it again, or leave it out."
            )
        return numbers, rows

    def _orientation(self, match: re.Match[str]) -> None:
        numbers, rows = self._table(match.end(), _ABOVE_COORDINATES)
        atoms = [k for k, number in enumerate(numbers) if number > 0]
        if 0 in numbers or not atoms or len(not_elements(np.array(numbers)[atoms])):
            raise DataError(
                f"{self.name} is an output of Gaussian with ghost atoms, or with numbers that are those of no element, in "
                f"geometry {len(self.steps)}: leave the file out, or repeat the calculation without them."
            )
        # translation vectors have the number -2, dummy atoms -1
        periodic = -2 in numbers
        geometry = Geometry(np.array(numbers)[atoms], np.array(rows)[atoms])
        step, which = self.step, "standard" if match["axes"] == "Standard" else "input"
        # of one geometry the input orientation comes first; the standard orientation may follow it, more than once
        if step is None or which == "input" or step.energies or step.forces:
            step = GaussianStep(self.route, self.charge, self.multiplicity, Orientations(as_read=self.as_read))
            self.steps.append(step)
            self.step = step
        setattr(step.geometry, which, geometry)
        step.periodic |= periodic
        self.restored = self.in_standard = False

    def _result(self, step: GaussianStep, match: re.Match[str]) -> None:
        event = match.lastgroup
        if event == "number":
            self._count(int(match["step_number"]))
        elif event in ("oniom", "counterpoise"):
            step.energies.append((event, _number(match[f"{event}_energy"])))
            self.in_part = self.restored = self.in_standard = False
        elif event == "unconverged":
            self.unconverged = True
        elif event == "scf":
            # a later SCF replaces one that failed, unless it is of another fragment or layer
            step.unconverged = self.unconverged or (self.in_part and step.unconverged)
            self.unconverged = False
            step.unrestricted = match["label"].startswith("U")
            step.route = self.route = self.route.resolved(match["label"], self.basis)
            self._energy(step, "scf", match["scf_energy"])
        elif event in ("correlated", "excited"):
            self._energy(step, event, match[f"{event}_energy"])
        elif event == "other":
            self._energy(step, "scf", match["bare_energy"] or match["recovered"])
        elif event == "forces" and not self.in_part:
            self._forces(step, match.end())
        elif event in ("repulsion", "largest") and not (
            self.in_part or step.periodic or step.in_field or step.route.in_field
        ):
            try:
                self._verify(step, match)
            except ValueError as error:
                raise damaged(self.name, "Gaussian", error) from error
        else:
            self._remark(step, event, match)

    def _remark(self, step: GaussianStep, event: str | None, match: re.Match[str]) -> None:
        if event == "unclear":
            self._energy(step, "unclear", "0.0")
        elif event == "root":
            self.root = int(match["root_number"])
        elif event == "of_interest":
            step.state = self.root
        elif event == "in_field":
            step.in_field = True
        elif event == "restored":
            self.restored = True
        elif event == "standard_forces":
            self.in_standard = True

    def _verify(self, step: GaussianStep, match: re.Match[str]) -> None:
        """Whether what is printed of the geometry and of the forces fits to them.

        Raises:
            ValueError: it does not.
        """
        if match.lastgroup == "repulsion":
            geometry = step.geometry.printed
            require_repulsion(geometry.numbers, geometry.positions, _number(match["nuclear_repulsion"]))
        elif step.forces and step.forces[-1][0] != "standard":
            largest = float(np.abs(step.forces[-1][1]).max())
            if abs(largest - _number(match["largest_force"])) > 2e-9:
                raise ValueError(f"the largest force is stated as {match['largest_force']}, and is {largest:.9f}")

    def _energy(self, step: GaussianStep, kind: str, text: str) -> None:
        if not self.in_part:
            step.energies.append((kind, _number(text)))

    def _forces(self, step: GaussianStep, end: int) -> None:
        numbers, rows = self._table(end, _ABOVE_FORCES)
        atoms = [k for k, number in enumerate(numbers) if number > 0]
        if not np.array_equal(np.array(numbers)[atoms], step.geometry.printed.numbers):
            raise DataError(
                f"{self.name} is an output of Gaussian in which the forces of geometry {len(self.steps) - 1} are not of its "
                "atoms: the file is damaged; copy it again, or leave it out."
            )
        axes: Axes = "standard" if self.in_standard else "input" if self.restored else "unknown"
        step.forces.append((axes, np.array(rows)[atoms], len(step.energies)))
        self.restored = self.in_standard = False


def _number(text: str) -> float:
    return float(text.upper().replace("D", "E"))
