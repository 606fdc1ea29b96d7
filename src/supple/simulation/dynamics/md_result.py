"""MDResult: how the dynamics of a replica ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from supple.runtime.rounding import rounded
from supple.simulation.dynamics.running_averages import RunningAverages
from supple.simulation.dynamics.time_units import format_time


class TriggeredJson(TypedDict):
    """The file of geometries at which a guard triggered."""

    file: str
    frames: int


class MDResultJson(TypedDict):
    """An MDResult for programs."""

    out: str
    time_fs: float
    mean_temperature_K: float | None
    drift_meV_per_atom_per_ps: float | None
    steps_per_second: float | None
    sound: bool
    stopped: str | None
    returns: int
    outside: dict[str, float]
    guards: list[str]
    not_watched: list[str]
    left: TriggeredJson | None


@dataclass(frozen=True)
class MDResult:
    """A replica that reached its end, or that a guard has stopped.

    Attributes:
        out: the trajectory.
        time: its length in fs.
        averages: mean temperature, drift, and when which guard triggered.
        stopped: when a guard ended the replica, and what was wrong; None otherwise.
        guards: names of the guards.
        guards_off: names of guards that could not be used, each with the reason.
        triggered_file: the file of geometries at which a guard triggered.
        n_triggered: how many it contains.
        steps_per_second: of this process and each replica; None when there was nothing left to do.
    """

    out: Path
    time: float
    averages: RunningAverages
    stopped: str | None
    guards: tuple[str, ...]
    guards_off: tuple[str, ...]
    triggered_file: Path
    n_triggered: int
    steps_per_second: float | None

    @property
    def triggered(self) -> bool:
        """Whether any guard has triggered."""
        return self.stopped is not None or bool(self.averages.triggers)

    def sentences(self) -> list[str]:
        """The outcome, and what guards found, in sentences."""
        averages = self.averages
        figures = [f"{format_time(self.time)} in {self.out}"]
        if averages.mean_temperature is not None:
            figures.append(f"mean temperature {averages.mean_temperature:.0f} K")
        if averages.drift is not None:
            figures.append(f"energy drift {rounded(averages.drift, 2)} meV/atom/ps")
        sentences = [", ".join(figures) + "."]
        if averages.returns:
            times = "once" if averages.returns == 1 else f"{averages.returns} times"
            sentences.append(
                f"Returned {times} to the last frame within range, with new velocities: averages lack the geometries out "
                "of range, and times that span a return are not meaningful."
            )
        if self.stopped is not None:
            sentences.append(f"Stopped by a guard: {self.stopped}.")
        else:
            for name, triggers in averages.triggers.items():
                time, problem = averages.first_triggers[name]
                share = f"{rounded(100 * triggers / max(averages.checks, 1), 2)} % of the checks"
                sentences.append(f"Out of range ({name}, {share}), first at {format_time(time)}: {problem}.")
        if self.n_triggered:
            kept = "1 geometry" if self.n_triggered == 1 else f"{self.n_triggered} geometries"
            sentences.append(f"{kept} out of range, without labels, in {self.triggered_file}.")
        return sentences

    def as_json(self) -> MDResultJson:
        """The result for programs: times in fs, drift in meV/atom/ps."""
        averages = self.averages
        return {
            "out": str(self.out),
            "time_fs": self.time,
            "mean_temperature_K": averages.mean_temperature,
            "drift_meV_per_atom_per_ps": averages.drift,
            "steps_per_second": self.steps_per_second,
            "sound": not self.triggered,
            "stopped": self.stopped,
            "returns": averages.returns,
            "outside": {name: count / max(averages.checks, 1) for name, count in averages.triggers.items()},
            "guards": list(self.guards),
            "not_watched": list(self.guards_off),
            "left": {"file": str(self.triggered_file), "frames": self.n_triggered} if self.n_triggered else None,
        }


def summary(results: Sequence[MDResult]) -> list[str]:
    """How the replicas of a run ended, in sentences."""
    sentences = [sentence for result in results for sentence in result.sentences()]
    quiet = sum(not result.triggered for result in results)
    common = results[0]
    if quiet:
        where = "" if len(results) == 1 else f" in {quiet} of {len(results)} replicas"
        sentences.append(f"No guard triggered{where} ({', '.join(common.guards)}).")
    sentences += [f"Guard not used: {reason}." for reason in common.guards_off]
    if common.steps_per_second is not None:
        each = "" if len(results) == 1 else f" with {len(results)} replicas in one batch"
        sentences.append(f"{common.steps_per_second:.0f} steps/s{each}.")
    return sentences
