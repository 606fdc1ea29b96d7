"""Langevin dynamics at a temperature, with steps of 1 fs."""

from __future__ import annotations

import numpy as np
from ase import Atoms, units

from supple.geometry.calculators import CalculatorFactory

#: fs
TIME_STEP = 1.0
_FRICTION = 0.01 / units.fs


def draw_momenta(atoms: Atoms, temperature: float, rng: np.random.Generator) -> None:
    """Give the atoms momenta of a Maxwell-Boltzmann distribution at a temperature in K, without net translation."""
    from ase.md.velocitydistribution import Stationary, thermalize_momenta

    thermalize_momenta(atoms, temperature_K=temperature, rng=rng)
    Stationary(atoms)


def run_langevin(
    atoms: Atoms, calculator: CalculatorFactory, temperature: float, duration: float, rng: np.random.Generator
) -> None:
    """Propagate the atoms, in place, for a duration in fs at a temperature in K.

    Each call makes a new calculator: an old one's memory of earlier geometries would be lost in an interruption, and with it
    the last digits.

    Raises:
        ArithmeticError: the dynamics diverged.
    """
    from ase.md.langevin import Langevin

    atoms.calc = calculator()
    md = Langevin(atoms, TIME_STEP * units.fs, temperature_K=temperature, friction=_FRICTION, rng=rng, fixcm=False)
    md.run(max(round(duration / TIME_STEP), 0))
    if not np.isfinite(atoms.positions).all():
        raise ArithmeticError("positions are no longer finite")
