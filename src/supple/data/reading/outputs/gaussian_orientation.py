"""Gaussian's orientations: which of the geometries that it prints has the axes of the forces.

Gaussian calculates in the standard orientation, and turns the forces back to the axes of the input ("Axes restored to original
set") before it prints them. It prints the geometry in either or both of these orientations, and under some options also the
forces in the standard orientation. This is judged for each geometry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from supple.molecule.rigid_modes import net_torques
from supple.molecule.superposition import superposed

Axes = Literal["input", "standard", "unknown"]

#: Å; the input is repeated with five decimals.
_TOLERANCE = 1e-3
#: The net torque of forces in their own axes, relative to that of random forces; in other axes it is about 1.
_NO_TORQUE = 0.05


@dataclass(frozen=True, eq=False)
class Geometry:
    """Atomic numbers, shape (N,), and positions, Å, shape (N, 3)."""

    numbers: Int[np.ndarray, "N"]
    positions: Float[np.ndarray, "N 3"]


@dataclass(eq=False)
class Orientations:
    """One geometry as it is printed.

    Attributes:
        as_read: the Cartesian coordinates of the input, as Gaussian repeats them; None if it has internal coordinates. They
            may be those of another geometry of the same job.
        input: in the axes of the input; None if it is not printed.
        standard: in the standard orientation; None if it is not printed.
    """

    as_read: Geometry | None = None
    input: Geometry | None = None
    standard: Geometry | None = None

    @property
    def printed(self) -> Geometry:
        """The geometry in one of the orientations, that of the input if possible."""
        geometry = self.input or self.standard
        if geometry is None:
            raise ValueError("no orientation has been set")
        return geometry

    def in_axes_of(self, forces: Float[np.ndarray, "N 3"], axes: Axes) -> Geometry | None:
        """The geometry in the axes of forces, shape (N, 3); None if it is not known in these axes."""
        if axes == "standard":
            return self.standard
        as_input = self._in_axes_of_input()
        if axes == "input" or self.standard is None:
            return as_input
        # not said: forces of an isolated molecule do not turn it, unless they are taken for those of other axes
        fitting = [one for one in (as_input, self.standard) if one is not None and _no_torque(one, forces)]
        if len(fitting) == 2 and np.abs(_centred(fitting[0]) - _centred(fitting[1])).max() > _TOLERANCE:
            return None
        return fitting[0] if fitting else None

    def _in_axes_of_input(self) -> Geometry | None:
        if self.input is not None:
            same = self.standard is None or turned_onto(self.standard, self.input) is not None
            return self.input if same and not self._contradicts_the_input() else None
        if self.standard is None or self.as_read is None:
            return None
        positions = turned_onto(self.standard, self.as_read)
        return None if positions is None else Geometry(self.standard.numbers, positions)

    def _contradicts_the_input(self) -> bool:
        """Whether the geometry in the axes of the input is the one that was read, but in other axes."""
        if self.input is None or self.as_read is None or turned_onto(self.as_read, self.input) is None:
            return False
        return bool(np.abs(_centred(self.as_read) - _centred(self.input)).max() > 2 * _TOLERANCE)


def turned_onto(geometry: Geometry, target: Geometry) -> Float[np.ndarray, "N 3"] | None:
    """The positions of a geometry, turned and shifted onto another; None if they are not the same within 0.001 Å."""
    if not np.array_equal(geometry.numbers, target.numbers):
        return None
    positions = superposed(geometry.positions, target.positions)
    return positions if np.abs(positions - target.positions).max() <= _TOLERANCE else None


def _centred(geometry: Geometry) -> Float[np.ndarray, "N 3"]:
    return geometry.positions - geometry.positions.mean(axis=0)


def _no_torque(geometry: Geometry, forces: Float[np.ndarray, "N 3"]) -> bool:
    if geometry.positions.shape != forces.shape:
        return False
    total, random = net_torques(geometry.positions[None], forces[None])
    return bool(total[0] <= _NO_TORQUE * random[0] + 1e-6)
