"""What bonds tell about units: how far they vary in length, and how strongly the forces resist it.

For every bond the force along it is regressed on its length. The slope is the stiffness of the bond, which Badger's rule
predicts from its length alone, for all elements: so it tells the unit of the forces. The covariance of the two is -kT for
molecules in thermal motion (the virial theorem for a pair of coordinates), and energies then vary by kT √(n/2) for n
vibrations: so it tells whether energies and forces are in units that belong together, wherever the zero of energy may be.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from supple.molecule.bonds import atom_pairs, bonded_pairs, commonest_bonds, pair_distances

#: Fewer frames than these tell nothing.
_FRAMES = 8
#: Bonds that vary less than this, Å, are not in thermal motion: those of relaxed geometries.
_VARIES = 0.01
#: Frames in which a bond is farther than this from its median length, Å, do not count for it: it breaks.
_NEAR = 0.2
#: The length of a bond explains the force along it to this correlation, at least.
_CORRELATED = 0.7
#: d of Badger's rule in Å by rows of the periodic table (J. Chem. Phys. 3, 710, 1935; rows beyond the third as in
#: Herschbach and Laurie, J. Chem. Phys. 35, 458, 1961, rounded).
_BADGER = np.array(
    [
        [0.025, 0.335, 0.585, 0.650, 0.750],
        [0.335, 0.680, 0.900, 0.950, 1.050],
        [0.585, 0.900, 1.250, 1.300, 1.350],
        [0.650, 0.950, 1.300, 1.450, 1.500],
        [0.750, 1.050, 1.350, 1.500, 1.600],
    ]
)
#: Its factor, 1.86 mdyn Å², in eV Å.
_BADGER_FACTOR = 1.86 * 6.241509


@dataclass(frozen=True)
class BondMotion:
    """How the bonds of a molecule move, in the force unit of the file (U) and Å.

    Attributes:
        stiffness: of the bonds over that which Badger's rule predicts in eV/Å², U/(eV/Å): forces in eV/Å give about 1.
        thermal_energy: kT of the motion of the bonds, U Å.
    """

    stiffness: float
    thermal_energy: float


def bond_motion(
    numbers: Int[np.ndarray, "N"], positions: Float[np.ndarray, "M N 3"], forces: Float[np.ndarray, "M N 3"]
) -> BondMotion | None:
    """How the bonds move; None where too few of them do, or forces do not resist it.

    Args:
        numbers: atomic numbers, shape (N,).
        positions: Å, shape (M, N, 3).
        forces: in any unit, shape (M, N, 3).
    """
    if len(positions) < _FRAMES or len(numbers) < 2:
        return None
    distances = pair_distances(positions)
    bonds = commonest_bonds(bonded_pairs(numbers, distances))
    first, second = (atoms[bonds] for atoms in atom_pairs(len(numbers)))
    lengths = distances[:, bonds]
    directions = (positions[:, second] - positions[:, first]) / lengths[:, :, None]
    along = ((forces[:, second] - forces[:, first]) * directions).sum(axis=2) / 2
    stiffness, thermal = [], []
    for r, f, i, j in zip(lengths.T, along.T, first, second, strict=True):
        near = np.abs(r - np.median(r)) < _NEAR
        slope, energy, correlation = _regression(r[near], f[near])
        if correlation > _CORRELATED:
            stiffness.append(slope / _badger(int(numbers[i]), int(numbers[j]), float(np.median(r))))
            thermal.append(energy)
    if len(stiffness) == 0 or len(stiffness) < len(first) / 2:
        return None
    return BondMotion(float(np.median(stiffness)), float(np.median(thermal)))


def _regression(length: Float[np.ndarray, "M"], force: Float[np.ndarray, "M"]) -> tuple[float, float, float]:
    """Stiffness, thermal energy, and the correlation of length and restoring force; zeros where the length hardly varies."""
    if len(length) < _FRAMES or length.std() < _VARIES or force.std() == 0:
        return 0.0, 0.0, 0.0
    covariance = -float(np.mean((length - length.mean()) * (force - force.mean())))
    return covariance / float(length.var()), covariance, covariance / float(length.std() * force.std())


def _badger(z1: int, z2: int, length: float) -> float:
    """The stiffness of a bond of this length (Å), eV/Å²."""
    rows = np.searchsorted([2, 10, 18, 36], [z1, z2])
    return _BADGER_FACTOR / max(length - _BADGER[rows[0], rows[1]], 0.1) ** 3
