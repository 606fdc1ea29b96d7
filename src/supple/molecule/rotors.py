"""Rotors: the single bonds about which a molecule turns from one rotamer to another."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from supple.molecule.torsions import Torsion, rotatable_torsions

#: Covalent radii for single and for double bonds, Å; a bond nearer to the double one does not turn. Pyykkö and Atsumi,
#: Chem. Eur. J. 15, 186 (2009), doi 10.1002/chem.200800987, and 15, 12770 (2009), doi 10.1002/chem.200901472.
_SINGLE = {6: 0.75, 7: 0.71, 8: 0.63, 14: 1.16, 15: 1.11, 16: 1.03}
_DOUBLE = {6: 0.67, 7: 0.60, 8: 0.57, 14: 1.07, 15: 1.02, 16: 0.94}


def rotors(numbers: Int[np.ndarray, "N"], positions: Float[np.ndarray, "N 3"]) -> list[Torsion]:
    """The torsions about single bonds whose rotation gives another rotamer: not that of a methyl group, which gives the same one.

    The bond of an amide counts as a double bond, that of a carboxylic acid to its OH as a single one.

    Args:
        numbers: atomic numbers, shape (N,).
        positions: of one geometry, Å, shape (N, 3).
    """
    return [
        torsion
        for torsion in rotatable_torsions(numbers, positions[None])
        if torsion.fold < 3 and not _is_double(numbers, positions, torsion.bond)
    ]


def _is_double(numbers: Int[np.ndarray, "N"], positions: Float[np.ndarray, "N 3"], bond: tuple[int, int]) -> bool:
    j, k = bond
    a, b = int(numbers[j]), int(numbers[k])
    if a not in _SINGLE or b not in _SINGLE:
        return False
    between = (_SINGLE[a] + _SINGLE[b] + _DOUBLE[a] + _DOUBLE[b]) / 2
    return float(np.linalg.norm(positions[j] - positions[k])) < between
