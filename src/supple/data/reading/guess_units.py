"""Guessing units from magnitudes, to suggest units to the user and to detect units that cannot be right.

Three facts about molecules are used: bonded atoms are about as far apart as the sum of their covalent radii; an
all-electron energy is within a few per cent of that of the free atoms, a GFN-xTB energy slightly below that of its free
atoms; forces on a molecule at some hundred kelvin are about 1 eV/Å.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np
from ase.data import covalent_radii
from jaxtyping import Float, Int

from supple.data.units import ENERGY, LENGTH, Units

_ENERGIES = ("eV", "kcal/mol", "kJ/mol", "hartree", "Ry")
_NOBLE = (2, 10, 18, 36, 54, 86)
#: A root mean square force above this many eV/Å is not that of a molecule at some hundred kelvin.
_FORCES_WITHIN = 15.0
#: Nearest neighbours are bonded within this factor, up or down, of the sum of their covalent radii.
_BONDS_WITHIN = 1.5
#: GFN2-xTB energies of free atoms in hartree (Bannwarth et al., doi 10.1021/acs.jctc.8b01176).
_GFN2 = {1: -0.393, 6: -1.793, 7: -2.606, 8: -3.768, 9: -4.619, 14: -1.570, 15: -2.374, 16: -3.146, 17: -4.483,
         35: -4.048, 53: -3.780}  # fmt: skip


@dataclass(frozen=True)
class UnitGuess:
    """The likeliest units.

    Attributes:
        units: the best guess.
        length_is_clear: whether bond lengths leave no doubt about the length unit.
        energy_is_clear: whether energies leave no doubt about the energy unit.
        force_rms: root mean square of the force components, in the file's unit; None without forces.
        bond: median distance of nearest neighbours as a multiple of the sum of their covalent radii, if the file were in
            Å; None without bonds.
    """

    units: Units
    length_is_clear: bool
    energy_is_clear: bool
    force_rms: float | None
    bond: float | None = None

    @property
    def clear(self) -> bool:
        """Whether there is no doubt about either unit."""
        return self.length_is_clear and self.energy_is_clear

    def contradicts(self, units: Units) -> bool:
        """Whether the numbers cannot be those of a molecule in these units."""
        if self.contradicts_length(units.length):
            return True
        if self.energy_is_clear and units.energy != self.units.energy:
            return True
        # small forces contradict nothing: all frames may be near minima
        return self.force_rms is not None and self.force_rms * units.forces_in_ev_per_angstrom > _FORCES_WITHIN

    def contradicts_length(self, length: str) -> bool:
        """Whether the bond lengths cannot be right in this unit."""
        if self.length_is_clear:
            return length != self.units.length
        return self.bond is not None and abs(log(self.bond * LENGTH[length])) > log(_BONDS_WITHIN)


def guess_units(
    numbers: Int[np.ndarray, "N"],
    positions: Float[np.ndarray, "M N 3"],
    energies: Float[np.ndarray, "M"] | None,
    forces: Float[np.ndarray, "M N 3"] | None,
) -> UnitGuess:
    """Guess the units of numbers in a file, all in its own units.

    Args:
        numbers: atomic numbers, shape (N,).
        positions: shape (M, N, 3).
        energies: shape (M,), NaN where unknown.
        forces: shape (M, N, 3).
    """
    sample = np.unique(np.linspace(0, len(positions) - 1, 64).astype(int))
    bond = _bond(numbers, positions[sample])
    length, length_is_clear = _length(bond)
    rms = None if forces is None else float(np.sqrt(np.mean(forces[sample] ** 2)))
    known = np.empty(0) if energies is None else energies[np.isfinite(energies)]
    energy, energy_is_clear = _energy(numbers, float(known.mean()), rms, length) if len(known) else (None, False)
    units = min(
        (_with_forces(e, length, rms) for e in ((energy,) if energy else _ENERGIES)),
        key=lambda u: _force_deviation(u, rms),
    )
    return UnitGuess(units, length_is_clear, energy_is_clear, rms, bond)


def _bond(numbers: Int[np.ndarray, "N"], positions: Float[np.ndarray, "K N 3"]) -> float | None:
    """Median distance of nearest neighbours over the sum of their radii; noble gases have no bonds."""
    bonded = ~np.isin(numbers, _NOBLE)
    if bonded.sum() < 2:
        return None
    radii = covalent_radii[numbers[bonded]]
    atoms = positions[:, bonded]
    nearest = np.full(atoms.shape[:2], np.inf)
    for k in range(len(radii)):  # one atom at a time: the memory stays small for large molecules
        distance = np.linalg.norm(atoms - atoms[:, k : k + 1], axis=2) / (radii + radii[k])
        distance[:, k] = np.inf
        nearest[:, k] = distance.min(axis=1)
    typical = float(np.median(nearest))
    return typical if 0 < typical < np.inf else None


def _length(bond: float | None) -> tuple[str, bool]:
    """The length unit in which nearest neighbours are bonded, and whether that is certain."""
    if bond is None:
        return "Å", False
    off = {unit: abs(log(bond * angstrom)) for unit, angstrom in LENGTH.items()}
    best = min(off, key=lambda unit: off[unit])
    return best, off[best] < log(1.25)


def _energy(numbers: Int[np.ndarray, "N"], mean: float, rms: float | None, length: str) -> tuple[str | None, bool]:
    """The energy unit in which the mean energy is that of the electrons, and whether that is certain."""
    if mean >= 0:
        return None, False
    in_hartree = {unit: mean * ENERGY[unit] / ENERGY["hartree"] for unit in _ENERGIES}
    all_electron = sum(_free_atom(int(z)) for z in numbers)
    for unit, energy in in_hartree.items():
        if abs(log(energy / all_electron)) < log(1.06):
            return unit, True
    valence = sum(_GFN2.get(int(z), np.nan) for z in numbers)
    for unit, energy in in_hartree.items():
        fits = 1.0 < energy / valence < 1.3  # False where an element has no entry: NaN
        if fits and rms is not None and _force_deviation(_with_forces(unit, length, rms), rms) < log(4):
            return unit, True
    return None, False


def _free_atom(z: int) -> float:
    """Energy of a free atom in hartree: the statistical atom with Scott's and Schwinger's corrections.

    Within 2 % of density functional values from carbon on (Schwinger, Phys. Rev. A 24, 2353, 1981).
    """
    return -0.7687 * z ** (7 / 3) + 0.5 * z**2 - 0.2699 * z ** (5 / 3)


def _with_forces(energy: str, length: str, rms: float | None) -> Units:
    """Forces are per length unit; those of programs in atomic units often stay per bohr beside positions in Å."""
    plain = Units.of(energy, length)
    if energy not in ("hartree", "Ry") or length == "bohr":
        return plain
    return min((plain, Units.of(energy, length, f"{energy}/bohr")), key=lambda units: _force_deviation(units, rms))


def _force_deviation(units: Units, rms: float | None) -> float:
    """How far the forces would be from 1 eV/Å, as a logarithm."""
    return abs(log(rms * units.forces_in_ev_per_angstrom)) if rms else 0.0
