"""A torsion fixed at an angle while everything else relaxes.

Forces along the torsion are projected out, and whatever a step changes the torsion by is turned back, one side of the molecule as
a whole: it is fixed exactly, at 0 and 180 degrees too. (ASE's FixInternals corrects positions iteratively, which may diverge where
groups of atoms come close.)
"""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.constraints import FixConstraint
from jaxtyping import Float

from supple.geometry.coordinates import Coordinate
from supple.molecule.torsions import folded


class FixTorsion(FixConstraint):
    """An ASE constraint that fixes a torsion at an angle, in degrees."""

    def __init__(self, coordinate: Coordinate, angle: float) -> None:
        self.coordinate = coordinate
        self.angle = angle

    def get_removed_dof(self, atoms: Atoms) -> int:
        """One."""
        return 1

    def adjust_positions(self, atoms: Atoms, new: Float[np.ndarray, "N 3"]) -> None:
        """Turn one side of the molecule back to the angle, in place."""
        moved = Atoms(atoms.numbers, new)
        off = float(folded(np.array(self.angle - self.coordinate.value(moved))))
        new[:] = self.coordinate.turned(moved, off, self.coordinate.axis(moved)).positions

    def adjust_forces(self, atoms: Atoms, forces: Float[np.ndarray, "N 3"]) -> None:
        """Remove the component along the torsion, in place."""
        direction = torsion_gradient(atoms.positions, self.coordinate.atoms)
        direction /= np.linalg.norm(direction)
        forces -= (forces * direction).sum() * direction

    def todict(self) -> dict[str, object]:
        """A description for ASE, which may write it to a file."""
        return {"name": "FixTorsion", "kwargs": {"atoms": self.coordinate.atoms, "angle": self.angle}}


def torsion_gradient(positions: Float[np.ndarray, "N 3"], atoms: tuple[int, ...]) -> Float[np.ndarray, "N 3"]:
    """∂φ/∂R of the torsion i-j-k-l, rad/Å, shape (N, 3).

    Blondel and Karplus, J. Comput. Chem. 17, 1132 (1996), eq. 27.
    """
    i, j, k, end = atoms
    f, g, h = positions[i] - positions[j], positions[j] - positions[k], positions[end] - positions[k]
    a, b, length = np.cross(f, g), np.cross(h, g), np.linalg.norm(g)
    first, last = -length / (a @ a) * a, length / (b @ b) * b
    across = (f @ g) / (a @ a * length) * a - (h @ g) / (b @ b * length) * b
    gradient = np.zeros_like(positions)
    gradient[i], gradient[end] = first, last
    gradient[j] = -first + across
    gradient[k] = -last - across
    return gradient
