"""Geometries from molecular dynamics at a temperature (Langevin)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from ase import Atoms, units
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from supple.sampling.context import Bench, Draw, Labelled, Segment, first_line
from supple.sampling.molecules import short_name

#: fs
_STEP = 1.0
_FRICTION = 0.01 / units.fs


class Dynamics(Draw):
    """Langevin dynamics from the relaxed molecule: one trajectory for each temperature."""

    kind: Literal["md"] = "md"
    temperature: PositiveFloat | tuple[PositiveFloat, ...] = Field(500.0, description="K; one trajectory for each.")
    frames: PositiveInt = Field(200, description="Frames of each trajectory.")
    every: float = Field(12.0, ge=_STEP, description="fs between frames.")
    settle: NonNegativeFloat = Field(400.0, description="fs before the first frame.")

    def segments(self, bench: Bench) -> list[Segment]:
        """One for each temperature."""
        name = f"md_{short_name(self.start or bench.molecule)}"
        steps = round((self.settle + self.frames * self.every) / _STEP)
        kelvins = self.temperature if isinstance(self.temperature, tuple) else (self.temperature,)
        return [
            _Trajectory(f"{name}_{kelvin:g}K", self.frames, steps + self.frames, self, kelvin) for kelvin in kelvins
        ]


@dataclass(frozen=True)
class _Trajectory(Segment):
    name: str
    expected: int
    calculations: int
    draw: Dynamics
    kelvin: float

    def frames(self, bench: Bench, done: int, state: dict[str, Any] | None) -> Iterator[Labelled]:
        """Run on, a frame at a time."""
        rng = bench.rng(self.name)
        if state is None:
            atoms, _ = bench.relaxed(bench.start(self.draw.start))
            heat(atoms, self.kelvin, rng)
            run(atoms, bench, self.kelvin, self.draw.settle, rng)
        else:
            atoms = restored(bench.start(self.draw.start), state, rng)
        for _ in range(done, self.expected):
            try:
                run(atoms, bench, self.kelvin, self.draw.every, rng)
            except Exception as error:  # a trajectory cannot go on past a failure; the frames that miss are counted
                yield Labelled(atoms.positions.copy(), None, None, f"the trajectory ended: {first_line(error)}")
                return
            yield bench.label(atoms, {"temperature": self.kelvin}, state_of(atoms, rng))


def heat(atoms: Atoms, kelvin: float, rng: np.random.Generator) -> None:
    """Momenta at a temperature, without net motion."""
    from ase.md.velocitydistribution import Stationary, thermalize_momenta

    thermalize_momenta(atoms, temperature_K=kelvin, rng=rng)
    Stationary(atoms)


def run(atoms: Atoms, bench: Bench, kelvin: float, duration: float, rng: np.random.Generator) -> None:
    """Run on for some fs.

    With a new calculator each time: what an old one remembers of geometries before would be gone after an interruption,
    and the last digits with it.
    """
    from ase.md.langevin import Langevin

    atoms.calc = bench.driver()
    md = Langevin(atoms, _STEP * units.fs, temperature_K=kelvin, friction=_FRICTION, rng=rng, fixcm=False)
    md.run(max(round(duration / _STEP), 0))
    if not np.isfinite(atoms.positions).all():
        raise ArithmeticError("positions are not finite any more")


def state_of(atoms: Atoms, rng: np.random.Generator) -> dict[str, Any]:
    """All that a trajectory needs to go on."""
    return {
        "positions": atoms.positions.tolist(),
        "momenta": atoms.get_momenta().tolist(),
        "rng": rng.bit_generator.state,
    }


def restored(atoms: Atoms, state: dict[str, Any], rng: np.random.Generator) -> Atoms:
    """A molecule as it was when its state was taken."""
    atoms = Atoms(atoms.numbers, np.array(state["positions"]))
    atoms.set_momenta(np.array(state["momenta"]))
    rng.bit_generator.state = state["rng"]
    return atoms
