"""Frame: one frame of a run, as it is appended to a trajectory file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame; whatever is not known is None.

    Attributes:
        positions: Å, shape (N, 3).
        time: fs from the beginning of the run.
        step: number of time steps from the beginning of the run.
        momenta: in ASE's unit, √(eV u), shape (N, 3).
        energy: potential energy, eV.
        forces: eV/Å, shape (N, 3).
        temperature: K, from the momenta.
        returns: how often a guard has put the molecule back so far.
        conserved: energy that exact integration would conserve, eV.
        guard: names of the guards that this geometry triggered, with commas between.
    """

    positions: Float[np.ndarray, "N 3"]
    time: float
    step: int = 0
    momenta: Float[np.ndarray, "N 3"] | None = None
    energy: float | None = None
    forces: Float[np.ndarray, "N 3"] | None = None
    temperature: float | None = None
    returns: int | None = None
    conserved: float | None = None
    guard: str | None = None

    def properties(self) -> dict[str, float | int | str]:
        """The data of the frame as a whole, except its energy, under the names that all formats give it."""
        named = {
            "guard": self.guard,
            "time_fs": self.time,
            "temperature_K": self.temperature,
            "returns": self.returns,
            "conserved_eV": self.conserved,
        }
        return {name: value for name, value in named.items() if value is not None}
