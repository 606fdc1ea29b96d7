"""Harmonic normal modes of a geometry, by finite differences of forces, and thermal widths of their displacements.

classical: ⟨Q²⟩ = kT/ω² ;   Wigner: ⟨Q²⟩ = ħ/(2ω) coth(ħω/2kT)       (mass-weighted Q)
"""

from __future__ import annotations

import numpy as np
from ase import Atoms, units
from jaxtyping import Float

from supple.geometry.calculators import CalculatorFactory
from supple.molecule.rigid_modes import vibrational_basis

#: Å; displacement of the finite differences.
_SHIFT = 0.005
_HBAR = units._hbar * units.J * units.s
#: cm⁻¹; softer modes are displaced as if they were as stiff as this, for they are not harmonic that far out.
_SOFTEST = 40.0


def normal_modes(
    atoms: Atoms, calculator: CalculatorFactory
) -> tuple[Float[np.ndarray, "V"], Float[np.ndarray, "V N 3"]]:
    """Angular frequencies and displacements of the 3N - 6 vibrations (3N - 5 of a linear molecule).

    Returns:
        Frequencies in ASE's unit of inverse time, √(eV/u)/Å, imaginary ones negative, shape (V,); and the displacement of
        each mode for one unit (Å√u) of mass-weighted Q, shape (V, N, 3).
    """
    n = len(atoms)
    made = calculator()
    hessian = np.empty((3 * n, 3 * n))
    for row in range(3 * n):
        ends = []
        for sign in (1, -1):
            moved = Atoms(atoms.numbers, atoms.positions)
            moved.positions.reshape(-1)[row] += sign * _SHIFT
            moved.calc = made
            ends.append(moved.get_forces().ravel())
        hessian[row] = -(ends[0] - ends[1]) / (2 * _SHIFT)
    root = np.repeat(np.sqrt(atoms.get_masses()), 3)
    weighted = (hessian + hessian.T) / 2 / np.outer(root, root)
    internal = vibrational_basis(atoms.positions, atoms.get_masses())
    squares, vectors = np.linalg.eigh(internal.T @ weighted @ internal)
    modes = (internal @ vectors).T / root
    return np.sign(squares) * np.sqrt(np.abs(squares)), modes.reshape(-1, n, 3)


def wavenumbers(frequencies: Float[np.ndarray, "V"]) -> Float[np.ndarray, "V"]:
    """Frequencies, as `normal_modes` returns them, in cm⁻¹; imaginary ones stay negative."""
    return frequencies * (_HBAR / units.invcm)


def thermal_widths(frequencies: Float[np.ndarray, "V"], temperature: float, *, quantum: bool) -> Float[np.ndarray, "V"]:
    """The standard deviation of each mass-weighted Q at a temperature in K, shape (V,)."""
    thermal = units.kB * temperature
    frequencies = np.maximum(frequencies, _SOFTEST * units.invcm / _HBAR)
    if not quantum:
        return np.sqrt(thermal) / frequencies
    return np.sqrt(_HBAR / (2 * frequencies) / np.tanh(_HBAR * frequencies / (2 * thermal)))
