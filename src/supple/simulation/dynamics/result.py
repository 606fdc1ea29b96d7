"""What came of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supple.simulation.dynamics.running_averages import Tally
from supple.simulation.dynamics.time_units import written


@dataclass(frozen=True)
class Outcome:
    """A run that is over, or that a guard has stopped.

    Attributes:
        out: the trajectory.
        time: fs that are in it.
        tally: mean temperature, drift, and when which guard spoke.
        stopped: what a guard said, and when, where that ended the run.
        watched: names of the guards.
        off: sentences about guards that it had to do without.
        left: the file of frames that left, and how many it holds.
        steps_per_second: of this process and each replica; None when there was nothing left to do.
    """

    out: Path
    time: float
    tally: Tally
    stopped: str | None
    watched: tuple[str, ...]
    off: tuple[str, ...]
    left: tuple[Path, int]
    steps_per_second: float | None

    @property
    def sound(self) -> bool:
        """Whether no guard has spoken."""
        return self.stopped is None and not self.tally.outside

    def sentences(self) -> list[str]:
        """The outcome in words: how it went, and what guards said."""
        figures = [f"{written(self.time) if self.time else '0 fs'} in {self.out}"]
        if self.tally.mean_temperature is not None:
            figures.append(f"mean temperature {self.tally.mean_temperature:.0f} K")
        if self.tally.drift is not None:
            figures.append(f"drift {self.tally.drift:.2g} meV/atom/ps")
        said = [", ".join(figures) + "."]
        path, n = self.left
        kept = [f"{n} frame{'s' if n > 1 else ''} that left, without labels, in {path}."] if n else []
        if self.tally.returns:
            said.append(
                f"Put back {self.tally.returns} {'time' if self.tally.returns == 1 else 'times'} to the last frame inside, with new velocities: what lies beyond is "
                "missing from the averages, and times across a return mean nothing."
            )
        if self.stopped is not None:
            return [*said, f"Stopped by a guard: {self.stopped}.", *kept]
        for name, looks in self.tally.outside.items():
            time, sentence = self.tally.first_outside[name]
            part = f"{100 * looks / max(self.tally.looks, 1):.2g} % of the looks"
            said.append(f"Outside its range ({name}, {part}); first at {written(time)}: {sentence}.")
        return said + kept

    def as_json(self) -> dict[str, Any]:
        """The outcome for programs: times in fs, drift in meV/atom/ps."""
        return {
            "out": str(self.out),
            "time_fs": self.time,
            "mean_temperature_K": self.tally.mean_temperature,
            "drift_meV_per_atom_per_ps": self.tally.drift,
            "steps_per_second": self.steps_per_second,
            "sound": self.sound,
            "stopped": self.stopped,
            "returns": self.tally.returns,
            "outside": {name: looks / max(self.tally.looks, 1) for name, looks in self.tally.outside.items()},
            "guards": list(self.watched),
            "not_watched": list(self.off),
            "left": {"file": str(self.left[0]), "frames": self.left[1]} if self.left[1] else None,
        }


def sentences(outcomes: Sequence[Outcome]) -> list[str]:
    """What came of the replicas of a run, in words."""
    said = [sentence for outcome in outcomes for sentence in outcome.sentences()]
    silent = sum(outcome.sound for outcome in outcomes)
    common = outcomes[0]
    if silent:
        whose = "" if len(outcomes) == 1 else f" in {silent} of {len(outcomes)} replicas"
        said.append(f"All guards kept silent{whose}: {', '.join(common.watched)}.")
    said += [f"Not watched: {reason}." for reason in common.off]
    if common.steps_per_second is not None:
        each = "" if len(outcomes) == 1 else f" of {len(outcomes)} replicas side by side"
        said.append(f"{common.steps_per_second:.0f} steps/s{each}.")
    return said
