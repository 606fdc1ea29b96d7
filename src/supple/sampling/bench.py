"""The bench: what every way of drawing geometries needs, whichever it is; and what it makes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from jaxtyping import Float
from pydantic import BaseModel, ConfigDict

from supple.sampling.methods import calculator_factory
from supple.sampling.molecules import starting_geometry

#: Å; forces below this, in eV/Å, are those of a minimum.
_FMAX = 0.02


@dataclass(frozen=True)
class Labelled:
    """One frame.

    Attributes:
        positions: Å, shape (N, 3).
        energy: eV; None where the calculation failed.
        forces: eV/Å, shape (N, 3); None where the calculation failed.
        failure: why it failed.
        about: what else is known of it: the angle of a scan, say.
        state: all that is needed to go on after this frame, as JSON can hold it; None: what stood there before will do.
    """

    positions: Float[np.ndarray, "N 3"]
    energy: float | None
    forces: Float[np.ndarray, "N 3"] | None
    failure: str | None = None
    about: dict[str, float] = field(default_factory=dict)
    state: dict[str, Any] | None = None


@dataclass(frozen=True)
class Bench:
    """Molecule, methods and seed of a sampling.

    Attributes:
        molecule: as the user names it.
        method: of the labels.
        drive: of dynamics and relaxations.
        charge, multiplicity: of the molecule.
        seed: of everything that is drawn at random.
    """

    molecule: str
    method: str
    drive: str
    charge: int
    multiplicity: int
    seed: int

    def start(self, other: str | None = None) -> Atoms:
        """The molecule, or another geometry of it."""
        return starting_geometry(other or self.molecule, self.seed)

    def driver(self) -> Calculator:
        """A new calculator for dynamics and relaxations."""
        return calculator_factory(self.drive)(self.charge, self.multiplicity)

    def require_ready(self) -> None:
        """Refuse what cannot be, before anything is begun.

        Raises:
            SettingsError, DataError: the molecule or a method is not known, or not installed.
        """
        self.start()
        for method in (self.drive, self.method):
            calculator_factory(method)(self.charge, self.multiplicity)

    def rng(self, name: str) -> np.random.Generator:
        """The random numbers of a segment."""
        return np.random.default_rng([self.seed, crc32(name.encode())])

    def relaxed(self, atoms: Atoms, fmax: float = _FMAX, steps: int = 500, fixed: tuple[int, ...] = ()) -> Atoms:
        """The nearest minimum, with some atoms held where they are."""
        from ase.constraints import FixAtoms
        from ase.optimize import BFGS

        atoms = Atoms(atoms.numbers, atoms.positions)
        atoms.calc = self.driver()
        if fixed:
            atoms.set_constraint(FixAtoms(list(fixed)))
        BFGS(atoms, logfile=None).run(fmax=fmax, steps=steps)
        return Atoms(atoms.numbers, atoms.positions)

    def label(
        self, atoms: Atoms, about: dict[str, float] | None = None, state: dict[str, Any] | None = None
    ) -> Labelled:
        """A geometry with its energy and forces; a calculation that fails says so."""
        positions = atoms.positions.copy()
        try:
            single = Atoms(atoms.numbers, positions)
            single.calc = calculator_factory(self.method)(self.charge, self.multiplicity)
            forces = np.asarray(single.get_forces(), dtype=np.float64)
            energy = float(single.get_potential_energy())
            if not np.isfinite(energy) or not np.isfinite(forces).all():
                raise ArithmeticError("energy or forces are not finite")
        except Exception as error:  # calculators raise anything
            return Labelled(positions, None, None, _first_line(error), about or {}, state)
        return Labelled(positions, energy, forces, None, about or {}, state)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


class Segment(ABC):
    """A series of frames that is drawn one after the other, and goes on after any of them.

    Attributes:
        name: of the frames' origin; unique in a sampling.
        expected: how many frames it makes.
    """

    name: str
    expected: int

    @abstractmethod
    def frames(self, bench: Bench, done: int, state: dict[str, Any] | None) -> Iterator[Labelled]:
        """The frames after the first `done`, the last of which left this state."""


class Draw(BaseModel, ABC):
    """A way to draw geometries: its settings; `segments` says what is to be done."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @abstractmethod
    def segments(self, bench: Bench) -> list[Segment]:
        """What is to be done, in parts that can be done side by side."""
