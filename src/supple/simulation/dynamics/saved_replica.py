"""SavedReplica: a replica as of its last saved frame, and how state.json holds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from supple.simulation.dynamics.molecular_state import MolecularState
from supple.simulation.dynamics.running_averages import RunningAverages


@dataclass(frozen=True)
class Stop:
    """That a guard ended a replica, after its last saved frame.

    Attributes:
        reason: when, and what was wrong.
        n_triggered: geometries in the file of those at which a guard triggered.
        averages: including the time after the last saved frame.
    """

    reason: str
    n_triggered: int
    averages: RunningAverages


@dataclass(frozen=True, eq=False)
class SavedReplica:
    """A replica as of its last saved frame: what state.json holds.

    Attributes:
        molecule: from which it continues.
        step: time steps so far.
        averages: so far.
        drift: eV per atom gained since the start; None where no energy is conserved.
        last_triggered: fs; when a geometry was last kept at which a guard triggered.
        returns_in_a_row: returns since it last stayed within range from one saved frame to the next.
        n_frames: frames in its trajectory.
        n_triggered: geometries in the file of those at which a guard triggered.
        stop: that a guard ended it later on; None otherwise.
    """

    molecule: MolecularState
    step: int
    averages: RunningAverages
    drift: float | None
    last_triggered: float | None
    returns_in_a_row: int
    n_frames: int
    n_triggered: int
    stop: Stop | None = None

    def to_json(self) -> dict[str, Any]:
        """A mapping of plain values; its names are those of all earlier versions."""
        molecule = self.molecule
        chain = {"eta": molecule.eta, "p_eta": molecule.p_eta}
        values = {
            "positions": molecule.positions.tolist(),
            "momenta": molecule.momenta.tolist(),
            "rng": molecule.rng,
            "degrees_of_freedom": molecule.degrees_of_freedom,
            **{name: array.tolist() for name, array in chain.items() if array is not None},
            "step": self.step,
            "tally": self.averages.model_dump(by_alias=True),
            "drift": self.drift,
            "last_left": self.last_triggered,
            "stays": self.returns_in_a_row,
            "frames": self.n_frames,
            "left": self.n_triggered,
        }
        if self.stop is not None:
            tally = self.stop.averages.model_dump(by_alias=True)
            values["stopped"] = {"said": self.stop.reason, "left": self.stop.n_triggered, "tally": tally}
        return values

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> SavedReplica:
        """The inverse.

        Raises:
            KeyError, TypeError, ValueError: something is missing or of another type.
        """
        arrays = {name: np.array(values[name], dtype=float) for name in ("eta", "p_eta") if name in values}
        stop = None
        if "stopped" in values:
            stopped = values["stopped"]
            averages = RunningAverages.model_validate(stopped["tally"])
            stop = Stop(stopped["said"], stopped["left"], averages)
        return cls(
            molecule=MolecularState(
                positions=np.array(values["positions"], dtype=float),
                momenta=np.array(values["momenta"], dtype=float),
                rng=values["rng"],
                degrees_of_freedom=values["degrees_of_freedom"],
                **arrays,
            ),
            step=values["step"],
            averages=RunningAverages.model_validate(values["tally"]),
            drift=values["drift"],
            last_triggered=values["last_left"],
            returns_in_a_row=values["stays"],
            n_frames=values["frames"],
            n_triggered=values["left"],
            stop=stop,
        )
