"""Geometries from Langevin dynamics at a temperature."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

import numpy as np
from ase import Atoms
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from supple.geometry.calculators import describe_error
from supple.geometry.langevin import TIME_STEP, draw_momenta, run_langevin
from supple.geometry.minimisation import minimise
from supple.sampling.context import SamplingContext
from supple.sampling.draws.base import Draw
from supple.sampling.labelled_frame import LabelledFrame
from supple.sampling.molecules import short_name
from supple.sampling.segments import Segment


class Dynamics(Draw):
    """Langevin dynamics from the relaxed molecule, one trajectory for each temperature."""

    kind: Literal["md"] = "md"
    temperature: PositiveFloat | tuple[PositiveFloat, ...] = Field(
        500.0, description="Temperature (K); several give one trajectory each."
    )
    frames: PositiveInt = Field(200, description="Frames of each trajectory.")
    every: float = Field(12.0, ge=TIME_STEP, description="Time between frames (fs).")
    settle: NonNegativeFloat = Field(400.0, description="Equilibration before the first frame (fs).")

    def segments(self, context: SamplingContext) -> list[Segment[Any]]:
        """One for each temperature."""
        name = f"md_{short_name(self.start or context.molecule)}"
        steps = round((self.settle + self.frames * self.every) / TIME_STEP)
        temperatures = self.temperature if isinstance(self.temperature, tuple) else (self.temperature,)
        return [
            _Trajectory(f"{name}_{kelvin:g}K", self.frames, steps + self.frames, self, kelvin)
            for kelvin in temperatures
        ]


class TrajectoryState(TypedDict):
    """Positions in Å and momenta in ASE's unit, shape (N, 3), and the state of the random numbers."""

    positions: list[list[float]]
    momenta: list[list[float]]
    rng: Mapping[str, Any]


@dataclass(frozen=True)
class _Trajectory(Segment[TrajectoryState]):
    name: str
    expected: int
    calculations: int
    draw: Dynamics
    temperature: float

    def frames(
        self,
        context: SamplingContext,
        done: int,
        state: TrajectoryState | None,
        earlier: Sequence[LabelledFrame] = (),
    ) -> Iterator[LabelledFrame]:
        """One frame after the other along the trajectory."""
        rng, draw, kelvin = context.rng(self.name), self.draw, self.temperature
        if state is None:
            atoms, _ = minimise(context.start(draw.start), context.driver)
            draw_momenta(atoms, kelvin, rng)
            run_langevin(atoms, context.driver, kelvin, draw.settle, rng)
        else:
            atoms = Atoms(context.start(draw.start).numbers, np.array(state["positions"]))
            atoms.set_momenta(np.array(state["momenta"]))
            rng.bit_generator.state = state["rng"]
        for _ in range(done, self.expected):
            try:
                run_langevin(atoms, context.driver, kelvin, draw.every, rng)
            except Exception as error:  # a trajectory cannot continue past a failure; its missing frames are counted
                yield LabelledFrame.failed(atoms.positions.copy(), f"the trajectory stopped: {describe_error(error)}")
                return
            after: TrajectoryState = {
                "positions": atoms.positions.tolist(),
                "momenta": atoms.get_momenta().tolist(),
                "rng": rng.bit_generator.state,
            }
            yield context.label(atoms, {"temperature": kelvin}, after)
