"""Energies and forces: calculators made when they are needed, and single-point calculations that may fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.calculators.calculator import CalculationFailed, Calculator
from jaxtyping import Float

from supple.errors import SettingsError

#: Makes a new ASE calculator. A new one has no memory of earlier geometries, so that results do not depend on where an
#: interrupted calculation was resumed.
CalculatorFactory = Callable[[], Calculator]


@dataclass(frozen=True, eq=False)
class SinglePoint:
    """Energy and forces of one geometry, or why there are none.

    Attributes:
        energy: eV; None where the calculation failed.
        forces: eV/Å, shape (N, 3); None where the calculation failed, or was of the energy alone.
        failure: the reason, on one line; None where it succeeded.
    """

    energy: float | None
    forces: Float[np.ndarray, "N 3"] | None
    failure: str | None = None


def single_point(atoms: Atoms, calculator: CalculatorFactory, *, forces: bool = True) -> SinglePoint:
    """Energy and forces, or the energy alone, of a geometry by a new calculator; a failure is returned, not raised.

    Raises:
        SettingsError: there is no such calculator.
        OSError: the machine failed, not the calculation: its disk is full, for instance.
    """
    try:
        single = Atoms(atoms.numbers, atoms.positions)
        single.calc = calculator()
        gradient = np.asarray(single.get_forces(), dtype=np.float64) if forces else None
        energy = float(single.get_potential_energy())
        if not np.isfinite(energy) or not (gradient is None or np.isfinite(gradient).all()):
            raise ArithmeticError("energy or forces are not finite")
    except (SettingsError, OSError):
        raise
    except Exception as error:  # calculators raise anything
        return SinglePoint(None, None, describe_error(error))
    return SinglePoint(energy, gradient)


def describe_error(error: Exception) -> str:
    """An exception on one line: its class, unless it is a failed calculation, and the first line of its message."""
    lines = str(error).strip().splitlines()
    if lines and type(error) is CalculationFailed:
        return lines[0]
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
