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
    bonds = _bonds(numbers, positions)
    first, second = bonds
    lengths, along = _along(bonds, positions, forces)
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


def times_as_stiff(
    numbers: Int[np.ndarray, "N"],
    of: tuple[Float[np.ndarray, "M N 3"], Float[np.ndarray, "M N 3"]],
    than: tuple[Float[np.ndarray, "K N 3"], Float[np.ndarray, "K N 3"]],
) -> float | None:
    """How many times as strongly forces resist the stretching of bonds in some frames as in others.

    About 1 wherever both are in one unit, be they of hot or of cold molecules. It may be a few frames: every bond of a
    frame counts, where force and length are predicted from the others.

    Args:
        numbers: atomic numbers, shape (N,).
        of, than: positions in Å and forces of these frames, of shape (M, N, 3), and of the others, of shape (K, N, 3).

    Returns:
        None where neither says how the other bonds should behave, as in relaxed geometries.
    """
    bonds = _bonds(numbers, np.concatenate([of[0], than[0]]))
    (lengths, along), (others, along_others) = (_along(bonds, *frames) for frames in (of, than))
    direct = _scale(lengths, along, others, along_others)
    if direct is not None:
        return direct
    inverse = _scale(others, along_others, lengths, along)
    return None if inverse is None else 1 / inverse


def _scale(
    lengths: Float[np.ndarray, "M B"],
    along: Float[np.ndarray, "M B"],
    others: Float[np.ndarray, "K B"],
    along_others: Float[np.ndarray, "K B"],
) -> float | None:
    """The forces along bonds over those that a line for each bond, through the others, predicts; None if uncorrelated."""
    predicted, found = [], []
    for r, f, r_other, f_other in zip(lengths.T, along.T, others.T, along_others.T, strict=True):
        middle = np.median(r_other)
        fitted, near = np.abs(r_other - middle) < _NEAR, np.abs(r - middle) < _NEAR
        stiffness, _, correlation = _regression(r_other[fitted], f_other[fitted])
        if correlation > _CORRELATED:
            predicted.append(f_other[fitted].mean() - stiffness * (r[near] - r_other[fitted].mean()))
            found.append(f[near])
    if not predicted:
        return None
    p, f = np.concatenate(predicted), np.concatenate(found)
    product = float(np.sqrt((p @ p) * (f @ f)))
    return float(f @ p / (p @ p)) if product > 0 and f @ p / product > _CORRELATED else None


def _bonds(
    numbers: Int[np.ndarray, "N"], positions: Float[np.ndarray, "M N 3"]
) -> tuple[Int[np.ndarray, "B"], Int[np.ndarray, "B"]]:
    """The first and the second atom of each bond."""
    bonds = commonest_bonds(bonded_pairs(numbers, pair_distances(positions)))
    first, second = atom_pairs(len(numbers))
    return first[bonds], second[bonds]


def _along(
    bonds: tuple[Int[np.ndarray, "B"], Int[np.ndarray, "B"]],
    positions: Float[np.ndarray, "M N 3"],
    forces: Float[np.ndarray, "M N 3"],
) -> tuple[Float[np.ndarray, "M B"], Float[np.ndarray, "M B"]]:
    """The lengths of bonds, and the forces along them."""
    first, second = bonds
    apart = positions[:, second] - positions[:, first]
    lengths = np.linalg.norm(apart, axis=2)
    return lengths, ((forces[:, second] - forces[:, first]) * apart).sum(axis=2) / lengths / 2


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
