"""SamplePoint: what a method gave for one geometry, by which another version of it is recognised as equal or not."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from annotated_types import Len
from jaxtyping import Float, Int
from pydantic import BaseModel, ConfigDict, FiniteFloat

from supple.geometry.calculators import SinglePoint
from supple.methods.level import Level

Vector = Annotated[list[FiniteFloat], Len(3, 3)]
#: Differences in energy (eV, relative to the constant of all energies there is none) and forces (eV/Å) that convergence explains.
_ENERGY, _FORCES = 1e-4, 1e-3


class SamplePoint(BaseModel):
    """A geometry in Å, its energy in eV and its forces in eV/Å."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    positions: list[Vector]
    energy: FiniteFloat
    forces: list[Vector]

    @classmethod
    def of(cls, positions: Float[np.ndarray, "N 3"], point: SinglePoint) -> SamplePoint:
        """Of a calculation that succeeded."""
        assert point.energy is not None and point.forces is not None
        return cls(positions=positions.tolist(), energy=point.energy, forces=point.forces.tolist())

    def agrees(self, level: Level, numbers: Int[np.ndarray, "N"]) -> bool:
        """Whether the method as it is installed gives the same."""
        ((point, _),) = level.single_points(numbers, np.array(self.positions)[None])
        if point.energy is None or point.forces is None:
            return False
        return bool(
            abs(point.energy - self.energy) < _ENERGY and np.abs(point.forces - np.array(self.forces)).max() < _FORCES
        )
