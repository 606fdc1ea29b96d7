"""SavedReplica: a replica as of its last saved frame, and how state.json holds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, BaseModel, Field, PositiveInt, model_validator

from supple.runtime.validation import Count, Finite
from supple.simulation.dynamics.molecular_state import MolecularState, RandomState
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
    def from_json(cls, values: object) -> SavedReplica:
        """The inverse.

        Raises:
            ValidationError: something is missing, of another type, or no value that it can have.
        """
        stored = _StoredReplica.model_validate(values)
        stopped = stored.stopped
        stop = None if stopped is None else Stop(stopped.said, stopped.left, stopped.tally)
        return cls(
            molecule=MolecularState(
                positions=np.array(stored.positions),
                momenta=np.array(stored.momenta),
                rng=stored.rng,
                degrees_of_freedom=stored.degrees_of_freedom,
                eta=None if stored.eta is None else np.array(stored.eta),
                p_eta=None if stored.p_eta is None else np.array(stored.p_eta),
            ),
            step=stored.step,
            averages=stored.tally,
            drift=stored.drift,
            last_triggered=stored.last_left,
            returns_in_a_row=stored.stays,
            n_frames=stored.frames,
            n_triggered=stored.left,
            stop=stop,
        )


def _random_state(values: RandomState) -> RandomState:
    """The state of a generator, if it can be one."""
    try:
        np.random.default_rng().bit_generator.state = values
    except (KeyError, TypeError, OverflowError) as error:
        raise ValueError("it is no state of a random number generator") from error
    return values


class _StoredStop(BaseModel):
    """A `Stop`, by the names of state.json."""

    said: str
    left: Count
    tally: RunningAverages


class _StoredReplica(BaseModel):
    """A `SavedReplica`, by the names of state.json."""

    positions: Annotated[list[tuple[Finite, Finite, Finite]], Field(min_length=1)]
    momenta: list[tuple[Finite, Finite, Finite]]
    rng: Annotated[RandomState, AfterValidator(_random_state)]
    degrees_of_freedom: Count
    eta: list[Finite] | None = None
    p_eta: list[Finite] | None = None
    step: Count
    tally: RunningAverages
    drift: float | None
    last_left: float | None
    stays: Count
    frames: PositiveInt
    left: Count
    stopped: _StoredStop | None = None

    @model_validator(mode="after")
    def _of_one_molecule(self) -> _StoredReplica:
        if len(self.momenta) != len(self.positions):
            raise ValueError(f"there are positions of {len(self.positions)} atoms, but momenta of {len(self.momenta)}")
        if len(self.eta or ()) != len(self.p_eta or ()):
            raise ValueError("the positions and momenta of the thermostat differ in number")
        return self
