"""Minimisation by BFGS, of all degrees of freedom or with a torsion or an angle fixed."""

from __future__ import annotations

from ase import Atoms
from ase.constraints import FixAtoms, FixConstraint

from supple.geometry.calculators import CalculatorFactory
from supple.geometry.constraints import FixTorsion
from supple.geometry.coordinates import Coordinate

#: eV/Å; default convergence of a free minimisation, and that of one with a coordinate fixed.
_FMAX, _FMAX_CONSTRAINED = 0.02, 0.03
#: Degrees; an angle within a torsion that is wider counts as straight.
_STRAIGHT = 170.0


def minimise(
    atoms: Atoms,
    calculator: CalculatorFactory,
    fmax: float = _FMAX,
    steps: int = 500,
    constraint: FixConstraint | None = None,
    max_step: float | None = None,
) -> tuple[Atoms, bool]:
    """The nearest minimum, and whether the minimisation converged.

    Args:
        atoms: the starting geometry; it is not changed.
        calculator: makes the calculator.
        fmax: eV/Å; converged when no force on an atom is larger.
        steps: at most.
        constraint: what is kept fixed.
        max_step: Å; no atom moves further in one step. ASE's default when None.
    """
    from ase.optimize import BFGS

    atoms = Atoms(atoms.numbers, atoms.positions)
    atoms.calc = calculator()
    if constraint is not None:
        atoms.set_constraint(constraint)
    converged = bool(BFGS(atoms, logfile=None, maxstep=max_step).run(fmax=fmax, steps=steps))
    return Atoms(atoms.numbers, atoms.positions), converged


def minimise_constrained(
    atoms: Atoms,
    coordinate: Coordinate,
    calculator: CalculatorFactory,
    steps: int = 300,
    max_step: float | None = None,
) -> tuple[Atoms, str | None]:
    """The geometry minimised with the coordinate fixed at its value, and a remark where it did not converge or is ill-defined.

    An angle is fixed by fixing its three atoms: at 180 degrees it has no derivative.
    """
    fixed = FixTorsion(coordinate, coordinate.value(atoms)) if coordinate.is_torsion else FixAtoms(coordinate.atoms)
    relaxed, converged = minimise(atoms, calculator, _FMAX_CONSTRAINED, steps, fixed, max_step)
    remarks = [] if converged else [f"not relaxed to {_FMAX_CONSTRAINED:g} eV/Å within {steps} steps"]
    if coordinate.is_torsion:
        for three in (coordinate.atoms[:3], coordinate.atoms[1:]):
            if relaxed.get_angle(*three) > _STRAIGHT:
                names = "-".join(f"{relaxed.symbols[a]}{a + 1}" for a in three)
                remarks.append(f"the angle {names} is nearly straight, which leaves the torsion undefined")
    return relaxed, "; ".join(remarks) or None
