"""A torsion, or an angle, that is held while all else relaxes.

An angle is held by its three atoms, which stay where they are: at 180 degrees it has no derivative by which it could be
held. Of a torsion, forces along it are projected out, and whatever a step turns it by is turned back, one side of the
molecule as a whole: it is held exactly, at 0 and 180 degrees too. (ASE's FixInternals corrects positions by iteration,
which may run away where groups meet.)
"""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.constraints import FixAtoms, FixConstraint
from jaxtyping import Float

from supple.geometry.coordinates import Coordinate
from supple.geometry.driven import Driven
from supple.molecule.torsions import folded

#: eV/Å; a point of a relaxed scan is relaxed to this.
_FMAX = 0.03
#: Degrees; an angle within a torsion that is wider is as good as straight.
_STRAIGHT = 170.0


def relaxed_at(
    molecule: Atoms, coordinate: Coordinate, bench: Driven, steps: int = 300, longest: float | None = None
) -> tuple[Atoms, str | None]:
    """The molecule relaxed with the coordinate held, and what there is to say of it."""
    held = HeldTorsion(coordinate, coordinate.value(molecule)) if coordinate.is_torsion else FixAtoms(coordinate.atoms)
    relaxed, settled = bench.relaxed(molecule, _FMAX, steps, held, longest)
    remarks = [] if settled else [f"not relaxed to {_FMAX:g} eV/Å in {steps} steps"]
    if coordinate.is_torsion:
        for three in (coordinate.atoms[:3], coordinate.atoms[1:]):
            if relaxed.get_angle(*three) > _STRAIGHT:
                names = "-".join(f"{relaxed.symbols[a]}{a + 1}" for a in three)
                remarks.append(f"{names} is straight, where a torsion has no meaning")
    return relaxed, "; ".join(remarks) or None


class HeldTorsion(FixConstraint):
    """An ASE constraint: the torsion stays at an angle, in degrees."""

    def __init__(self, coordinate: Coordinate, angle: float) -> None:
        self.coordinate = coordinate
        self.angle = angle

    def get_removed_dof(self, atoms: Atoms) -> int:
        """One."""
        return 1

    def adjust_positions(self, atoms: Atoms, new: Float[np.ndarray, "N 3"]) -> None:
        """Turn one side back to the angle, in place."""
        moved = Atoms(atoms.numbers, new)
        off = float(folded(np.array(self.angle - self.coordinate.value(moved))))
        new[:] = self.coordinate.turned(moved, off, self.coordinate.normal(moved)).positions

    def adjust_forces(self, atoms: Atoms, forces: Float[np.ndarray, "N 3"]) -> None:
        """Take out the part that turns, in place."""
        direction = torsion_gradient(atoms.positions, self.coordinate.atoms)
        direction /= np.linalg.norm(direction)
        forces -= (forces * direction).sum() * direction

    def todict(self) -> dict[str, object]:
        """For ASE, which may want to write it."""
        return {"name": "HeldTorsion", "kwargs": {"atoms": self.coordinate.atoms, "angle": self.angle}}


def torsion_gradient(positions: Float[np.ndarray, "N 3"], atoms: tuple[int, ...]) -> Float[np.ndarray, "N 3"]:
    """∂φ/∂R in radians per Å, of the torsion i-j-k-l (Blondel and Karplus, J. Comput. Chem. 17, 1132, 1996, eq. 27)."""
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
