"""Guessing units from magnitudes, to suggest units to the user and to detect units that cannot be right.

Four facts about molecules are used: bonded atoms are about as far apart as the sum of their covalent radii; forces resist
the stretching of bonds as Badger's rule says (`bond_motion.py`), or, where bonds hardly move, are about 1 eV/Å at some
hundred kelvin; an all-electron energy is within a few per cent of that of the free atoms, a GFN2-xTB energy slightly below
that of its free atoms. The last is the weakest, since pseudopotentials, semi-empirical methods and relative energies have
other zeros: units in which energies and forces agree with how the bonds move are never contradicted by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log, sqrt

import numpy as np
from ase.data import covalent_radii
from jaxtyping import Float, Int

from supple.data.reading.bond_motion import BondMotion, bond_motion
from supple.data.units import ENERGY, LENGTH, Units

_ENERGIES = ("eV", "kcal/mol", "kJ/mol", "hartree", "Ry")
_NOBLE = (2, 10, 18, 36, 54, 86)
#: A root mean square force above this many eV/Å in most frames is not that of a molecule at some hundred kelvin.
_FORCES_WITHIN = 15.0
#: Bonds are as stiff as Badger's rule says within this factor, up or down ...
_STIFF_WITHIN = 3.0
#: ... and energies vary as those of harmonic vibrations within this one, which is less than from eV to Ry.
_SPREAD_WITHIN = 3.5
#: What it counts, as a logarithm of how far the numbers are off, that forces are in another unit than energies ...
_UNUSUAL = 1.0
#: ... and that the total energy looks like one in another unit.
_OTHER_ENERGY = 2.0
#: This part of the frames, those with the shortest bonds, has whole ones: most of a dissociation curve may not.
_WHOLE = 0.1
#: Bonds may be shorter and longer than the sum of their covalent radii by these factors: 0.53 and 1.9 are those of bohr
#: and Å mistaken for each other, and few bonds can be compressed, but many be stretched.
_BONDS_WITHIN = (0.7, 1.65)
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
        usual_force: root mean square of the force components in the median frame, in the file's unit; None without forces.
        bond: distance of nearest neighbours as a multiple of the sum of their covalent radii, if the file were in Å;
            median of the atoms, in a frame with shorter ones than most; None without bonds.
        motion: how the bonds move, forces in the file's unit; None where they hardly do.
        energy_fits: units in which the mean energy is that of the electrons by one method or another.
        energy_spread: standard deviation of the energies over √(n/2) for n vibrations, in the file's unit: kT for harmonic
            vibrations; None without energies.
    """

    units: Units
    length_is_clear: bool
    energy_is_clear: bool
    usual_force: float | None
    bond: float | None = None
    motion: BondMotion | None = None
    energy_fits: tuple[str, ...] = ()
    energy_spread: float | None = None

    @property
    def clear(self) -> bool:
        """Whether there is no doubt about either unit."""
        return self.length_is_clear and self.energy_is_clear

    def contradicts(self, units: Units) -> bool:
        """Whether the numbers cannot be those of a molecule in these units."""
        if self.contradicts_length(units.length):
            return True
        if self.contradicts_forces(units):
            return True
        return self.energy_is_clear and units.energy not in self.energy_fits and not self._agree(units)

    def contradicts_forces(self, units: Units) -> bool:
        """Whether the forces cannot be those on a molecule in this unit."""
        if self.motion is not None:
            return abs(log(self.motion.stiffness * units.forces_in_ev_per_angstrom)) > log(_STIFF_WITHIN)
        # small forces contradict nothing: all frames may be near minima
        return self.usual_force is not None and self.usual_force * units.forces_in_ev_per_angstrom > _FORCES_WITHIN

    def _agree(self, units: Units) -> bool:
        """Whether energies and forces in these units agree with how the bonds move."""
        if self.motion is None or not self.energy_spread:
            return False
        times = _times_thermal(units, self.energy_spread, self.motion)
        return not self.contradicts_forces(units) and abs(log(times)) < log(_SPREAD_WITHIN)

    def contradicts_length(self, length: str) -> bool:
        """Whether the bond lengths cannot be right in this unit."""
        shortest, longest = _BONDS_WITHIN
        return self.bond is not None and not shortest < self.bond * LENGTH[length] < longest


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
    squares = None if forces is None else np.mean(forces[sample] ** 2, axis=(1, 2))
    rms, usual = (None, None) if squares is None else (sqrt(squares.mean()), sqrt(np.median(squares)))
    motion = None if forces is None else bond_motion(numbers, positions[sample] * LENGTH[length], forces[sample])
    known = np.empty(0) if energies is None else energies[np.isfinite(energies)]
    spread = float(known.std()) / sqrt(max(3 * len(numbers) - 6, 1) / 2) if len(known) > 1 else None
    fits = _energy_units(numbers, float(known.mean()), rms, length) if len(known) else ()
    energy = fits[0] if fits else None
    best = min(
        _candidates(length, motion is not None),
        key=lambda units: _deviation(units, rms, motion, spread) + _other_energy(units, energy, motion),
    )
    energy_is_clear = energy is not None and best.energy == energy
    return UnitGuess(best, length_is_clear, energy_is_clear, usual, bond, motion, fits, spread)


def _bond(numbers: Int[np.ndarray, "N"], positions: Float[np.ndarray, "K N 3"]) -> float | None:
    """Distance of nearest neighbours over the sum of their radii, of most atoms where bonds are whole; noble gases have none."""
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
    typical = float(np.quantile(np.median(nearest, axis=1), _WHOLE))
    return typical if 0 < typical < np.inf else None


def _length(bond: float | None) -> tuple[str, bool]:
    """The length unit in which nearest neighbours are bonded, and whether that is certain."""
    if bond is None:
        return "Å", False
    off = {unit: abs(log(bond * angstrom)) for unit, angstrom in LENGTH.items()}
    best = min(off, key=lambda unit: off[unit])
    return best, off[best] < log(1.25)


def _energy_units(numbers: Int[np.ndarray, "N"], mean: float, rms: float | None, length: str) -> tuple[str, ...]:
    """Units in which the mean energy is that of all electrons, then those in which it is that of GFN2-xTB."""
    if mean >= 0:
        return ()
    in_hartree = {unit: mean * ENERGY[unit] / ENERGY["hartree"] for unit in _ENERGIES}
    all_electron = sum(_free_atom(int(z)) for z in numbers)
    # programs that write Ry have pseudopotentials, so the total energy is never that of all electrons
    fits = [unit for unit, energy in in_hartree.items() if abs(log(energy / all_electron)) < log(1.06) and unit != "Ry"]
    valence = sum(_GFN2.get(int(z), np.nan) for z in numbers)
    for unit, energy in in_hartree.items():
        usual = 1.0 < energy / valence < 1.3  # False where an element has no entry: NaN
        within = rms is not None and min(_force_deviation(u, rms) for u in _spellings(unit, length)) < log(4)
        if usual and within and unit not in fits:
            fits.append(unit)
    return tuple(fits)


def _free_atom(z: int) -> float:
    """Energy of a free atom in hartree: the statistical atom with Scott's and Schwinger's corrections.

    Within 2 % of density functional values from carbon on (Schwinger, Phys. Rev. A 24, 2353, 1981).
    """
    return -0.7687 * z ** (7 / 3) + 0.5 * z**2 - 0.2699 * z ** (5 / 3)


def _spellings(energy: str, length: str) -> list[Units]:
    """Forces are per length unit; those of programs in atomic units often stay per bohr beside positions in Å."""
    plain = Units.of(energy, length)
    if energy not in ("hartree", "Ry") or length == "bohr":
        return [plain]
    return [plain, Units.of(energy, length, f"{energy}/bohr")]


def _candidates(length: str, mixed: bool) -> list[Units]:
    """Units that files are in; with forces of another unit than the energies, too, where these can be told apart."""
    usual = [units for name in _ENERGIES for units in _spellings(name, length)]
    others = [Units.of(name, length, units.forces) for name in _ENERGIES for units in usual]
    return [*usual, *(units for units in others if units not in usual)] if mixed else usual


def _deviation(units: Units, rms: float | None, motion: BondMotion | None, spread: float | None) -> float:
    """How far the numbers would be from those of a molecule, as a logarithm."""
    if motion is None:
        return _force_deviation(units, rms)
    stiffness = abs(log(motion.stiffness * units.forces_in_ev_per_angstrom))
    unusual = 0.0 if units.energy == units.force_energy else _UNUSUAL
    return unusual + stiffness + (abs(log(_times_thermal(units, spread, motion))) if spread else 0.0)


def _other_energy(units: Units, energy: str | None, motion: BondMotion | None) -> float:
    """What it counts, beside `_deviation`, that the total energy looks like one in another unit."""
    if energy is None or units.energy == energy:
        return 0.0
    return inf if motion is None else _OTHER_ENERGY


def _times_thermal(units: Units, spread: float, motion: BondMotion) -> float:
    """How many times as much as those of harmonic vibrations the energies vary, about 1 in the right units."""
    return spread * units.energy_in_ev / (motion.thermal_energy * units.forces_in_ev_per_angstrom)


def _force_deviation(units: Units, rms: float | None) -> float:
    """How far the forces would be from 1 eV/Å, as a logarithm."""
    return abs(log(rms * units.forces_in_ev_per_angstrom)) if rms else 0.0
