"""A replica: where it is, and what has become of it so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from supple.simulation.dynamics.running_averages import Tally


@dataclass
class Replica:
    """One of the molecules of a run.

    Attributes:
        k: its place among them.
        step: how far it is.
        tally: temperature, drift, and when which guard spoke.
        drift: eV per atom gained until the last saved frame; None where no energy is conserved.
        last_left: fs; when a geometry was last kept of those that left.
        stays: returns since it last was inside from one saved frame to the next.
        stopped: why it ended; None while it goes on, or when it came to its end.
    """

    k: int
    step: int
    tally: Tally
    drift: float | None = None
    last_left: float | None = None
    stays: int = 0
    stopped: str | None = None

    @classmethod
    def of(cls, k: int, state: dict[str, Any], *, again: bool) -> Replica:
        """A replica as it was when its last frame was saved; one not begun where the state is empty.

        Args:
            k: its place.
            state: of the record.
            again: whether one that a guard stopped goes on from its last frame.
        """
        if not state:
            return cls(k, 0, Tally())
        stopped = None if again else state.get("stopped")
        return cls(
            k, state["step"], Tally.model_validate(stopped["tally"] if stopped else state["tally"]), state["drift"],
            state["last_left"], state["stays"], stopped["said"] if stopped else None,
        )  # fmt: skip

    def state(self) -> dict[str, Any]:
        """The inverse, for a replica that is not stopped; JSON."""
        return {
            "step": self.step,
            "tally": self.tally.model_dump(),
            "drift": self.drift,
            "last_left": self.last_left,
            "stays": self.stays,
        }
