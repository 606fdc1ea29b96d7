"""Bursts: short dynamics off a point of a path, so that its surroundings are sampled, too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ase import Atoms
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveFloat, PositiveInt

from supple.sampling.context import Bench, Labelled, first_line
from supple.sampling.dynamics import heat, run


class Bursts(BaseModel):
    """Short trajectories that start at a geometry with new velocities each."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bursts: NonNegativeInt = Field(0, description="Short trajectories off each point; 0: the point itself is taken.")
    burst_frames: PositiveInt = Field(5, description="Frames of each burst.")
    burst_every: float = Field(7.0, ge=1.0, description="fs between them.")
    burst_temperature: PositiveFloat = Field(300.0, description="K.")

    @property
    def per_point(self) -> int:
        """Frames that a point gives."""
        return self.bursts * self.burst_frames or 1

    def effort(self, points: int) -> int:
        """Calculations that this many points take."""
        return points * (round(self.per_point * (self.burst_every + 1)) if self.bursts else 1)

    def around(
        self,
        point: Atoms,
        bench: Bench,
        name: str,
        about: dict[str, float],
        skip: int,
        state: dict[str, Any],
        remark: str | None = None,
    ) -> Iterator[Labelled]:
        """The frames of a point, but for the first `skip`, each with this state and how many of the point are done.

        What there is to remark of the point stands at its first frame.
        """
        if not self.bursts:
            if not skip:
                yield bench.label(point, about, state | {"of_point": 1}, remark)
            return
        for burst in range(self.bursts):
            made = burst * self.burst_frames
            if made + self.burst_frames <= skip:
                continue
            rng = bench.rng(f"{name}/{burst}")
            atoms = Atoms(point.numbers, point.positions)
            heat(atoms, self.burst_temperature, rng)
            for k in range(self.burst_frames):
                failure = None
                try:
                    run(atoms, bench, self.burst_temperature, self.burst_every, rng)
                except Exception as error:
                    failure = f"the burst ended: {first_line(error)}"
                if made + k < skip:
                    if failure:
                        break
                    continue
                after = state | {"of_point": made + k + 1}
                if failure:
                    yield Labelled(atoms.positions.copy(), None, None, failure, about, after)
                    break
                yield bench.label(atoms, about, after, remark if made + k == 0 else None)
