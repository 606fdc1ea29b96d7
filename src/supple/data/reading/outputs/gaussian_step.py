"""What Gaussian calculates at one geometry, and whether forces, energy and axes belong together."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from supple.data.reading.frames import Frame, Problem
from supple.data.reading.outputs.gaussian_orientation import Axes, Geometry, Orientations
from supple.data.reading.outputs.gaussian_route import Route
from supple.data.units import ENERGY, Units

#: Forces in two axes are the same if they have the same sizes, hartree/bohr; they are printed with nine decimals.
_SAME_FORCES = 1e-5


@dataclass(eq=False)
class GaussianStep:
    """Everything between one geometry and the next, in hartree, Å and hartree/bohr.

    Attributes:
        route: of the job.
        charge, multiplicity: of the molecule.
        geometry: in the orientations that are printed.
        energies: kind and value of each total energy, in the order in which they are printed; each replaces the ones before.
        forces: each table, shape (N, 3), with its axes, and with the number of energies that are printed before it.
        state: the excited state of interest.
        unrestricted: whether the SCF was spin-unrestricted.
        unconverged: whether the last SCF did not converge.
        in_field: whether the output says that there is an electric field.
        periodic: whether there are translation vectors among the atoms.
    """

    route: Route
    charge: int | None
    multiplicity: int | None
    geometry: Orientations
    energies: list[tuple[str, float]] = field(default_factory=list)
    forces: list[tuple[Axes, Float[np.ndarray, "N 3"], int]] = field(default_factory=list)
    state: int | None = None
    unrestricted: bool = False
    unconverged: bool = False
    in_field: bool = False
    periodic: bool = False

    def frame(self) -> Frame:
        """The frame in eV, Å and eV/Å, with the problem that it has, if any."""
        table, geometry = self._forces_and_geometry()
        shown = geometry or self.geometry.printed
        theory = self._theory()
        extras: dict[str, object] = {"theory": theory} if theory else {}
        extras |= {} if self.charge is None else {"charge": self.charge}
        extras |= {} if self.multiplicity is None else {"multiplicity": self.multiplicity}
        return Frame(
            shown.numbers,
            shown.positions,
            self.energies[-1][1] * ENERGY["hartree"] if self.energies else None,
            None if table is None else table * Units.of("hartree", "bohr").forces_in_ev_per_angstrom,
            extras,
            self._problem(geometry),
        )

    def _forces_and_geometry(self) -> tuple[Float[np.ndarray, "N 3"] | None, Geometry | None]:
        """A table of forces and the geometry in its axes; those of the input, if both are known."""
        for axes, table, _ in sorted(self.forces, key=lambda entry: entry[0] == "standard"):
            geometry = self.geometry.in_axes_of(table, axes)
            if geometry is not None:
                return table, geometry
        return (self.forces[-1][1] if self.forces else None), None

    def _problem(self, geometry: Geometry | None) -> Problem | None:
        if self.unconverged:
            return "not-converged"
        if self.periodic:
            return "periodic"
        if not self.forces:
            return None
        if self.route.in_field or self.in_field:
            return "in-field"
        return self._energy_problem() or (None if geometry is not None else "turned")

    def _energy_problem(self) -> Problem | None:
        if not self.energies:
            return "no-energy"
        if self._forces_differ():
            return "several-forces"
        if self.forces[-1][2] != len(self.energies):
            return "several-energies"
        kind, expected = self.energies[-1][0], self.route.energy
        if kind == "unclear" or expected not in (None, kind):
            return "layers" if expected in ("oniom", "counterpoise") else "other-energy"
        return None

    def _forces_differ(self) -> bool:
        sizes = [np.linalg.norm(table, axis=1) for _, table, _ in self.forces]
        same_axes = [table for axes, table, _ in self.forces if axes == self.forces[-1][0]]
        return any(np.abs(size - sizes[-1]).max() > _SAME_FORCES for size in sizes) or any(
            np.abs(table - same_axes[-1]).max() > _SAME_FORCES for table in same_axes
        )

    def _theory(self) -> str:
        excited = bool(self.energies) and self.energies[-1][0] == "excited"
        return self.route.theory(
            unrestricted_singlet=self.unrestricted and self.multiplicity == 1,
            state=(self.state or self.route.root) if excited else None,
        )
