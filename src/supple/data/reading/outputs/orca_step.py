"""What ORCA calculates at one geometry, and whether gradient and energy belong together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from supple.data.reading.frames import Frame, Problem
from supple.data.reading.outputs.orca_input import OrcaJob
from supple.data.units import ENERGY, LENGTH, Units

#: Of what a gradient is the derivative: of the SCF energy or of whatever else the program prints it for (`analytic`), of MP2
#: or a double hybrid, or of an energy whose derivative was taken by finite differences.
GradientKind = Literal["analytic", "scf", "excited", "mp2", "numerical"]

#: Energies that ORCA prints with nine decimals, or with twelve, are the same; hartree.
_SAME = 2e-6


@dataclass(frozen=True, eq=False)
class Gradient:
    """A gradient, hartree/bohr, shape (N, 3), with the excited state that it is of."""

    kind: GradientKind
    values: Float[np.ndarray, "N 3"]
    state: int | None = None


@dataclass(eq=False)
class OrcaStep:
    """Everything between one geometry and the next, in hartree, Å and hartree/bohr.

    Attributes:
        numbers: atomic numbers, shape (N,).
        positions: shape (N, 3).
        job: what the input says.
        charge, multiplicity: of the molecule, as printed.
        stationary: whether this is the geometry that an optimisation found, at which ORCA repeats the energy alone.
        energies: all that are printed as the final energy.
        gradients: all that are printed.
        dipoles: all that are printed, of one density or several, e bohr, shape (3,).
        scf_energy: the total energy of the last SCF.
        corrections: of dispersion and of the basis set, which are not part of the SCF energy.
        correlated: total energies of MP2, coupled cluster and the like.
        excited: excited states with their total energy; the last is the one that the final energy is of.
        unconverged: whether the SCF did not converge.
        layered: whether an energy is that of a part of the molecule, or of one of several layers.
        displaced: whether the calculations at displaced geometries have begun.
    """

    numbers: Int[np.ndarray, "N"]
    positions: Float[np.ndarray, "N 3"]
    job: OrcaJob
    charge: int | None = None
    multiplicity: int | None = None
    stationary: bool = False
    energies: list[float] = field(default_factory=list)
    gradients: list[Gradient] = field(default_factory=list)
    dipoles: list[Float[np.ndarray, "3"]] = field(default_factory=list)
    scf_energy: float | None = None
    corrections: list[float] = field(default_factory=list)
    correlated: list[float] = field(default_factory=list)
    excited: list[tuple[str, int, float]] = field(default_factory=list)
    unconverged: bool = False
    layered: bool = False
    displaced: bool = False

    def frame(self) -> Frame:
        """The frame in eV, Å and eV/Å, with the problem that it has, if any."""
        gradient, problem = self._pair()
        theory = self._theory()
        extras: dict[str, object] = {"theory": theory} if theory else {}
        charge = self.job.charge if self.charge is None else self.charge
        multiplicity = self.job.multiplicity if self.multiplicity is None else self.multiplicity
        extras |= {} if charge is None else {"charge": charge}
        extras |= {} if multiplicity is None else {"multiplicity": multiplicity}
        # that of an ion depends on the origin, and there are several if several densities are analysed
        if len(self.dipoles) == 1 and charge == 0:
            extras["dipole"] = self.dipoles[0] * LENGTH["bohr"]
        return Frame(
            self.numbers,
            self.positions,
            self.energies[0] * ENERGY["hartree"] if self.energies else None,
            None if gradient is None else -gradient.values * Units.of("hartree", "bohr").forces_in_ev_per_angstrom,
            extras,
            problem,
        )

    def _pair(self) -> tuple[Gradient | None, Problem | None]:
        if self.unconverged:
            return (self.gradients[-1] if self.gradients else None), "not-converged"
        if not self.gradients:
            return None, None
        gradient = self.gradients[-1]
        return gradient, self._problem(gradient)

    def _problem(self, gradient: Gradient) -> Problem | None:
        if self.layered:
            return "layers"
        if self.job.in_field:
            return "in-field"
        if any(not np.array_equal(other.values, gradient.values) for other in self.gradients):
            return "several-forces"
        if not self.energies:
            return "no-energy"
        if max(self.energies) - min(self.energies) > _SAME:
            return "numerical" if gradient.kind == "numerical" else "several-energies"
        return None if self._same_method(gradient) else "other-energy"

    def _same_method(self, gradient: Gradient) -> bool:
        """Whether nothing that is printed says that energy and gradient are of different methods or states."""
        energy = self.energies[0]
        if gradient.kind == "excited":
            return bool(self.excited) and self.excited[-1][1] == gradient.state and self._is(self.excited[-1][2])
        if gradient.kind == "scf":
            others = self.correlated + [total for _, _, total in self.excited]
            return not any(self._is(other) for other in others) or self._is(self.scf_energy)
        if gradient.kind == "mp2" and self.scf_energy is not None:
            return abs(energy - self.scf_energy) > _SAME
        return True

    def _is(self, part: float | None) -> bool:
        """Whether the final energy is this one, with or without corrections for dispersion and the basis set."""
        if part is None:
            return False
        rest = self.energies[0] - part
        return any(abs(rest - known) < _SAME for known in (0.0, *self.corrections, sum(self.corrections)))

    def _theory(self) -> str:
        if not (self.energies and self.excited and self._is(self.excited[-1][2])):
            return self.job.theory
        name, root, _ = self.excited[-1]
        return f"{self.job.theory}, {name} {root}".lstrip(", ")
