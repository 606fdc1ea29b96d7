"""Bursts: short trajectories started from each point of a scan or path, which sample its surroundings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ase import Atoms
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveFloat, PositiveInt

from supple.geometry.calculators import describe_error
from supple.geometry.langevin import TIME_STEP, draw_momenta, run_langevin
from supple.sampling.context import SamplingContext
from supple.sampling.labelled_frame import LabelledFrame


class ShortTrajectories(BaseModel):
    """Settings of short trajectories from a geometry, each with new velocities."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bursts: NonNegativeInt = Field(
        0, description="Short trajectories from each point, in place of the point itself; 0 for none."
    )
    burst_frames: PositiveInt = Field(5, description="Frames of each short trajectory.")
    burst_every: float = Field(7.0, ge=TIME_STEP, description="Time between these frames (fs).")
    burst_temperature: PositiveFloat = Field(300.0, description="Temperature of the short trajectories (K).")

    @property
    def frames_per_point(self) -> int:
        """Frames that each point gives."""
        return self.bursts * self.burst_frames or 1

    def labelling_cost(self, points: int) -> int:
        """Number of calculations for the frames of `points` points."""
        return points * (round(self.frames_per_point * (self.burst_every + 1)) if self.bursts else 1)

    def frames_of_point(
        self,
        point: Atoms,
        context: SamplingContext,
        name: str,
        extras: Mapping[str, float],
        skip: int,
        state: Mapping[str, Any],
        remark: str | None = None,
    ) -> Iterator[LabelledFrame]:
        """The frames of a point except the first `skip`.

        Args:
            point: the geometry.
            context: molecule, methods and seed.
            name: of the point; chooses the random numbers.
            extras: numbers to write with each frame.
            skip: frames of this point that are there already.
            state: to resume from; `of_point`, the number of its frames so far, is added.
            remark: on the point; it goes with its first frame.
        """
        if not self.bursts:
            if not skip:
                yield context.label(point, extras, {**state, "of_point": 1}, remark)
            return
        for burst in range(self.bursts):
            made = burst * self.burst_frames
            if made + self.burst_frames <= skip:
                continue
            rng = context.rng(f"{name}/{burst}")
            atoms = Atoms(point.numbers, point.positions)
            draw_momenta(atoms, self.burst_temperature, rng)
            for k in range(self.burst_frames):
                failure = None
                try:
                    run_langevin(atoms, context.driver, self.burst_temperature, self.burst_every, rng)
                except Exception as error:  # calculators raise anything
                    failure = f"the burst stopped: {describe_error(error)}"
                if made + k < skip:
                    if failure:
                        break
                    continue
                after = {**state, "of_point": made + k + 1}
                if failure:
                    yield LabelledFrame.failed(atoms.positions.copy(), failure, extras, after)
                    break
                yield context.label(atoms, extras, after, remark if made + k == 0 else None)
