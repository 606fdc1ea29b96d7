"""Geometries along a torsion, or an angle, step by step: rigid, or with all else relaxed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from ase import Atoms
from pydantic import Field, PositiveInt

from supple.errors import SettingsError
from supple.geometry.constraints import relaxed_at
from supple.geometry.coordinates import Coordinate
from supple.sampling.bursts import Bursts
from supple.sampling.context import Bench, Draw, Labelled, Segment, first_line
from supple.sampling.settling import Settled

#: Calculations that a relaxation takes, roughly.
_RELAXATION = 30


class Scan(Draw, Bursts):
    """A scan of a coordinate: from one value to another, and back where asked."""

    kind: Literal["scan"] = "scan"
    torsion: str | None = Field(
        None, description="Atoms, counted from 1: four of a torsion, three of an angle; the main torsion if left out."
    )
    start_at: float = Field(180.0, alias="from", description="Degrees.")
    end_at: float = Field(-180.0, alias="to", description="Degrees; beyond 180 the turn goes on.")
    points: PositiveInt = Field(37, description="Geometries, both ends included.")
    relaxed: bool = Field(True, description="Relax all else at each point.")
    both: bool = Field(True, description="There and back again: relaxed scans may stay in the valley they come from.")
    settled: bool = Field(
        False, description="Then each point once more from its neighbours, until none falls any further."
    )

    def segments(self, bench: Bench) -> list[Segment]:
        """One for each direction, and one that settles the scan where that is asked for.

        Raises:
            SettingsError: the molecule has no such coordinate, or such a scan cannot be settled.
        """
        molecule = bench.start(self.start)
        coordinate = Coordinate.of(molecule, self.torsion)
        if self.settled and not (self.relaxed and coordinate.is_torsion and not self.bursts):
            raise SettingsError(
                "Only a relaxed scan of a torsion, without bursts, can be settled: leave out settled, or the other."
            )
        manner = "scan" if self.relaxed else "rigid"
        name = f"{manner}_{coordinate.label(molecule)}_{self.start_at:g}to{self.end_at:g}"
        ways = ("there", "back") if self.both and self.relaxed else ("there",)
        count = self.points * self.per_point
        effort = self.points * (_RELAXATION if self.relaxed else 0) + self.effort(self.points)
        segments: list[Segment] = [
            _Way(f"{name}_{way}" if len(ways) > 1 else name, count, effort, self, coordinate, way == "back")
            for way in ways
        ]
        if self.settled:
            segments.append(
                Settled(
                    name=f"{name}_settled",
                    calculations=2 * self.points * _RELAXATION,
                    after=tuple(segment.name for segment in segments),
                    start=self.start,
                    coordinate=coordinate,
                    values=tuple(np.linspace(self.start_at, self.end_at, self.points).tolist()),
                )
            )
        return segments


@dataclass(frozen=True)
class _Way(Segment):
    name: str
    expected: int
    calculations: int
    draw: Scan
    coordinate: Coordinate
    back: bool

    def frames(self, bench: Bench, done: int, state: dict[str, Any] | None) -> Iterator[Labelled]:
        """From point to point; each begins at the one before."""
        draw, coordinate = self.draw, self.coordinate
        ends = (draw.end_at, draw.start_at) if self.back else (draw.start_at, draw.end_at)
        values = np.linspace(*ends, draw.points)
        if state is None:
            molecule = bench.start(draw.start)
            molecule = bench.relaxed(molecule)[0] if draw.relaxed else molecule
            axis = coordinate.normal(molecule)
            last, first, skip = coordinate.value(molecule), 0, 0
        else:
            molecule = Atoms(bench.start(draw.start).numbers, np.array(state["before"]))
            axis, last = np.array(state["axis"]), float(state["last"])
            first, skip = int(state["point"]), int(state["of_point"])
            if skip >= draw.per_point:
                molecule = Atoms(molecule.numbers, np.array(state["at"]))
                axis, last, first, skip = np.array(state["axis_at"]), float(values[first]), first + 1, 0
        for index in range(first, draw.points):
            before, axis_before = molecule.positions.tolist(), axis.tolist()
            molecule = coordinate.turned(molecule, values[index] - last, axis)
            about = {"coordinate": float(values[index])}
            remark = None
            if draw.relaxed:
                try:
                    molecule, remark = relaxed_at(molecule, coordinate, bench)
                except Exception as error:
                    yield Labelled(molecule.positions, None, None, f"the scan ended: {first_line(error)}", about)
                    return
            axis = coordinate.normal(molecule, axis)
            kept = {
                "point": index, "before": before, "axis": axis_before, "last": last,
                "at": molecule.positions.tolist(), "axis_at": axis.tolist(),
            }  # fmt: skip
            yield from draw.around(molecule, bench, f"{self.name}/{index}", about, skip, kept, remark)
            last, skip = float(values[index]), 0
