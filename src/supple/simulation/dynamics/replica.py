"""Replica: the progress and averages of one of the molecules of a run."""

from __future__ import annotations

from dataclasses import dataclass, replace

from supple.simulation.dynamics.molecular_state import MolecularState
from supple.simulation.dynamics.running_averages import RunningAverages
from supple.simulation.dynamics.saved_replica import SavedReplica, Stop


@dataclass
class Replica:
    """One of the molecules of a run.

    Attributes:
        index: its number among them.
        step: time steps so far.
        averages: so far.
        drift, last_triggered, returns_in_a_row: as in `SavedReplica`.
        stopped: when a guard ended it, and what was wrong; None while it continues, or when it reached its end.
    """

    index: int
    step: int
    averages: RunningAverages
    drift: float | None = None
    last_triggered: float | None = None
    returns_in_a_row: int = 0
    stopped: str | None = None

    @classmethod
    def resume(cls, index: int, saved: SavedReplica | None, *, ignore_stop: bool) -> Replica:
        """A replica as of its last saved frame; one that has not started where nothing is saved.

        Args:
            index: its number.
            saved: from state.json.
            ignore_stop: whether a replica that a guard stopped continues from its last frame.
        """
        if saved is None:
            return cls(index, 0, RunningAverages())
        stop = None if ignore_stop else saved.stop
        averages = saved.averages if stop is None else stop.averages
        return cls(
            index, saved.step, averages.model_copy(deep=True), saved.drift, saved.last_triggered,
            saved.returns_in_a_row, None if stop is None else stop.reason,
        )  # fmt: skip

    def save(self, molecule: MolecularState, n_frames: int, n_triggered: int) -> SavedReplica:
        """The state of the replica at a saved frame."""
        return SavedReplica(
            molecule, self.step, self.averages.model_copy(deep=True), self.drift, self.last_triggered,
            self.returns_in_a_row, n_frames, n_triggered,
        )  # fmt: skip

    def save_stop(self, saved: SavedReplica, reason: str, n_triggered: int) -> SavedReplica:
        """The state of a replica that a guard has stopped: its last saved frame, from which it can be continued, and the reason."""
        return replace(saved, stop=Stop(reason, n_triggered, self.averages.model_copy(deep=True)))
