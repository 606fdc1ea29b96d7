"""Geometries along a torsion or an angle, step by step: rigid, or with everything else relaxed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

import numpy as np
from ase import Atoms
from jaxtyping import Int
from pydantic import Field, PositiveInt

from supple.errors import SettingsError
from supple.geometry.coordinates import Coordinate
from supple.geometry.minimisation import minimise
from supple.geometry.moves import moves
from supple.geometry.scans import ScanPoint, scan
from supple.sampling.context import SamplingContext
from supple.sampling.draws.base import Draw
from supple.sampling.draws.short_trajectories import ShortTrajectories
from supple.sampling.draws.wavefront import RELAXATION_COST, WavefrontSegment
from supple.sampling.labelled_frame import LabelledFrame
from supple.sampling.segments import Segment


class Scan(Draw, ShortTrajectories):
    """A scan of a coordinate from one value to another, and optionally back."""

    kind: Literal["scan"] = "scan"
    torsion: str | None = Field(
        None,
        description="Atoms, counted from 1: four of a torsion or three of an angle; the torsion that turns most atoms if "
        "left out.",
    )
    start_at: float = Field(180.0, alias="from", description="First value (degrees).")
    end_at: float = Field(-180.0, alias="to", description="Last value (degrees); the turn may continue beyond 180.")
    points: PositiveInt = Field(37, description="Number of geometries, both ends included.")
    relaxed: bool = Field(True, description="Relax everything else at each point.")
    both: bool = Field(
        True, description="Scan in both directions, since a relaxed scan may stay in the valley it starts in."
    )
    settled: bool = Field(
        False,
        description="Then relax each point again from its neighbours, its mirror image and its other rotamers, until no "
        "energy falls further.",
    )

    def segments(self, context: SamplingContext) -> list[Segment[Any]]:
        """One for each direction, and one for the wavefront propagation of a settled scan.

        Raises:
            SettingsError: the molecule has no such coordinate, or such a scan cannot be settled.
        """
        molecule = context.start(self.start)
        coordinate = Coordinate.parse(molecule, self.torsion)
        if self.settled and not (self.relaxed and coordinate.is_torsion and not self.bursts):
            raise SettingsError(
                "Only a relaxed scan of a torsion without bursts can be settled: leave out settled=true, or scan a torsion "
                "with relaxed=true and bursts=0."
            )
        kind = "scan" if self.relaxed else "rigid"
        name = f"{kind}_{coordinate.label(molecule)}_{self.start_at:g}to{self.end_at:g}"
        directions = ("there", "back") if self.both and self.relaxed else ("there",)
        count = self.points * self.frames_per_point
        cost = self.points * (RELAXATION_COST if self.relaxed else 0) + self.labelling_cost(self.points)
        segments: list[Segment[Any]] = [
            _Direction(
                f"{name}_{direction}" if len(directions) > 1 else name,
                count,
                cost,
                self,
                coordinate,
                direction == "back",
            )
            for direction in directions
        ]
        if self.settled:
            tried = moves(molecule, coordinate)
            relaxations = 2 + sum(not move.same_energy for move in tried)
            segments.append(
                WavefrontSegment(
                    name=f"{name}_settled",
                    calculations=relaxations * self.points * RELAXATION_COST,
                    after=tuple(segment.name for segment in segments),
                    start=self.start,
                    coordinate=coordinate,
                    moves=tried,
                    values=tuple(np.linspace(self.start_at, self.end_at, self.points).tolist()),
                )
            )
        return segments


class ScanState(TypedDict):
    """The current point, and the one before it, from which the current one is repeated while some of its bursts are missing.

    Keys:
        point: index of the current point.
        before, axis, last: positions (Å), axis to turn about and value (degrees) of the point before.
        at, axis_at: positions (Å) and axis of the current point.
        of_point: frames of the current point so far.
    """

    point: int
    before: list[list[float]]
    axis: list[float]
    last: float
    at: list[list[float]]
    axis_at: list[float]
    of_point: int


@dataclass(frozen=True)
class _Direction(Segment[ScanState]):
    name: str
    expected: int
    calculations: int
    draw: Scan
    coordinate: Coordinate
    backwards: bool

    def frames(
        self, context: SamplingContext, done: int, state: ScanState | None, earlier: Sequence[LabelledFrame] = ()
    ) -> Iterator[LabelledFrame]:
        """From point to point; each starts from the one before."""
        draw, molecule = self.draw, context.start(self.draw.start)
        ends = (draw.end_at, draw.start_at) if self.backwards else (draw.start_at, draw.end_at)
        values = np.linspace(*ends, draw.points).tolist()
        if state is None:
            first = minimise(molecule, context.driver)[0] if draw.relaxed else molecule
            previous, skip = ScanPoint.start(first, self.coordinate), 0
        else:
            previous, skip = self._resume(state, values, molecule.numbers)
        for point in scan(previous, self.coordinate, values, context.driver if draw.relaxed else None):
            extras = {"coordinate": point.value}
            if point.failure is not None:
                yield LabelledFrame.failed(point.atoms.positions, point.failure, extras)
                return
            after = {
                "point": point.index, "before": previous.atoms.positions.tolist(), "axis": previous.axis.tolist(),
                "last": previous.value, "at": point.atoms.positions.tolist(), "axis_at": point.axis.tolist(),
            }  # fmt: skip
            name = f"{self.name}/{point.index}"
            yield from draw.frames_of_point(point.atoms, context, name, extras, skip, after, point.remark)
            previous, skip = point, 0

    def _resume(
        self, state: ScanState, values: Sequence[float], numbers: Int[np.ndarray, "N"]
    ) -> tuple[ScanPoint, int]:
        """The point to continue from, and how many frames of the next are there already."""
        k = state["point"]
        if state["of_point"] >= self.draw.frames_per_point:
            return ScanPoint(k, values[k], Atoms(numbers, np.array(state["at"])), np.array(state["axis_at"])), 0
        before = Atoms(numbers, np.array(state["before"]))
        return ScanPoint(k - 1, state["last"], before, np.array(state["axis"])), state["of_point"]
