"""GrowthResult: what a run has come to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supple.growth.round_folder import ErrorOf, RoundRecord
from supple.growth.settings import Goal


@dataclass(frozen=True)
class GrowthResult:
    """A force field, the data, and its error.

    Attributes:
        model, data, report: files.
        records: of all rounds; the last one is the test.
        goal: target and budget.
        temperature: K.
    """

    model: Path
    data: Path
    report: Path
    records: tuple[RoundRecord, ...]
    goal: Goal
    temperature: float

    @property
    def calculations(self) -> int:
        """How many were made, those that failed and those of the test included."""
        return sum(record.calculations for record in self.records)

    @property
    def error(self) -> ErrorOf:
        """On the frames of the test, which are independent."""
        (found,) = self.records[-1].before.values()
        return found

    @property
    def seconds(self) -> float:
        """Of all rounds."""
        return sum(record.seconds for record in self.records)

    def stated_error(self) -> str:
        """The error, as a sentence."""
        unit = self.goal.units.forces_in_ev_per_angstrom
        interval = self.records[-1].interval  # of a single geometry there is none
        ends = "" if interval is None else f" ({interval[0] / unit:.3g} to {interval[1] / unit:.3g}, 95 %)"
        return (
            f"Force RMSE {self.goal.shown(self.error.rmse)}{ends} on {self.error.frames} "
            f"independent geometries at {self.temperature:g} K, from {self.calculations} calculations."
        )

    def to_json(self) -> dict[str, Any]:
        """As `supple grow --json` prints it."""
        unit = self.goal.units.forces_in_ev_per_angstrom
        low, high = self.records[-1].interval or (None, None)
        return {
            "model": str(self.model),
            "data": str(self.data),
            "report": str(self.report),
            "calculations": self.calculations,
            "stated_error": {
                "value": self.error.rmse / unit,
                "low": None if low is None else low / unit,
                "high": None if high is None else high / unit,
                "unit": self.goal.units.forces,
                "frames": self.error.frames,
            },
            "stopped_because": self.records[-1].because,
            "seconds": self.seconds,
        }
