"""Driven: what moves a molecule, and relaxations by it."""

from __future__ import annotations

from abc import ABC, abstractmethod

from ase import Atoms
from ase.calculators.calculator import Calculator
from ase.constraints import FixConstraint

#: eV/Å; forces below this are those of a minimum.
_FMAX = 0.02


class Driven(ABC):
    """What moves a molecule: energies and forces of some method, for relaxations."""

    @abstractmethod
    def driver(self) -> Calculator:
        """A new calculator."""

    def relaxed(
        self,
        atoms: Atoms,
        fmax: float = _FMAX,
        steps: int = 500,
        held: FixConstraint | None = None,
        longest: float | None = None,
    ) -> tuple[Atoms, bool]:
        """The nearest minimum, and whether it was come to.

        Args:
            atoms: where to begin.
            fmax: eV/Å; forces at the end.
            steps: of the relaxation at most.
            held: what is kept as it is.
            longest: Å; no atom moves further in a step. ASE's own when None.
        """
        from ase.optimize import BFGS

        atoms = Atoms(atoms.numbers, atoms.positions)
        atoms.calc = self.driver()
        if held is not None:
            atoms.set_constraint(held)
        settled = bool(BFGS(atoms, logfile=None, maxstep=longest).run(fmax=fmax, steps=steps))
        return Atoms(atoms.numbers, atoms.positions), settled
