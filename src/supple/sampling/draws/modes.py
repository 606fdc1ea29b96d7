"""Geometries displaced along the normal modes of the relaxed molecule, as at a temperature."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

import numpy as np
from ase import Atoms
from pydantic import Field, PositiveFloat, PositiveInt

from supple.geometry.minimisation import minimise
from supple.geometry.normal_modes import normal_modes, thermal_widths
from supple.sampling.context import SamplingContext
from supple.sampling.draws.base import Draw
from supple.sampling.labelled_frame import LabelledFrame
from supple.sampling.molecules import short_name
from supple.sampling.segments import Segment

#: eV/Å and steps of the relaxation before; it takes about this many calculations.
_FMAX, _STEPS, _RELAXATION_COST = 1e-3, 1000, 60


class Modes(Draw):
    """Harmonic thermal displacements from the relaxed molecule."""

    kind: Literal["modes"] = "modes"
    temperature: PositiveFloat = Field(300.0, description="Temperature (K).")
    frames: PositiveInt = Field(100, description="Number of geometries.")
    quantum: bool = Field(
        False, description="Draw from the Wigner distribution, with zero-point motion, instead of the classical one."
    )

    def segments(self, context: SamplingContext) -> list[Segment[Any]]:
        """One, since the Hessian is calculated once."""
        of = f"{short_name(self.start)}_" if self.start else ""
        name = f"modes_{of}{self.temperature:g}K{'_wigner' if self.quantum else ''}"
        cost = 6 * len(context.start(self.start)) + _RELAXATION_COST + self.frames
        return [_Displacements(name, self.frames, cost, self)]


class ModesState(TypedDict):
    """The minimum in Å, shape (N, 3), frequencies (V,) and modes (V, N, 3) as `normal_modes` returns them."""

    minimum: list[list[float]]
    frequencies: list[float]
    modes: list[list[list[float]]]


@dataclass(frozen=True)
class _Displacements(Segment[ModesState]):
    name: str
    expected: int
    calculations: int
    draw: Modes

    def frames(
        self, context: SamplingContext, done: int, state: ModesState | None, earlier: Sequence[LabelledFrame] = ()
    ) -> Iterator[LabelledFrame]:
        """Each geometry has random numbers of its own, so that it does not matter where the segment is resumed."""
        start = context.start(self.draw.start)
        if state is None:
            minimum, converged = minimise(start, context.driver, _FMAX, _STEPS)
            frequencies, modes = normal_modes(minimum, context.driver)
            kept: ModesState = {
                "minimum": minimum.positions.tolist(), "frequencies": frequencies.tolist(), "modes": modes.tolist(),
            }  # fmt: skip
        else:
            kept, converged = state, True
            minimum = Atoms(start.numbers, np.array(kept["minimum"]))
            frequencies, modes = np.array(kept["frequencies"]), np.array(kept["modes"])
        remark = None
        if not converged:
            remark = f"displaced from a geometry that was not relaxed to {_FMAX:g} eV/Å within {_STEPS} steps"
        elif (frequencies < 0).any():
            remark = "displaced from a saddle point, not from a minimum"
        temperature = self.draw.temperature
        widths = thermal_widths(frequencies, temperature, quantum=self.draw.quantum)
        for k in range(done, self.expected):
            amounts = context.rng(f"{self.name}/{k}").standard_normal(len(widths)) * widths
            displaced = Atoms(minimum.numbers, minimum.positions + np.einsum("v,vnc->nc", amounts, modes))
            first = k == 0
            yield context.label(
                displaced, {"temperature": temperature}, kept if first else None, remark if first else None
            )
