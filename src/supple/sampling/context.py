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
from pydantic import BaseModel, ConfigDict, Field

from supple.errors import SettingsError
from supple.geometry.driven import Driven
from supple.sampling.methods import calculator_factory, knows_its_charge
from supple.sampling.molecules import starting_geometry


@dataclass(frozen=True)
class Labelled:
    """One frame.

    Attributes:
        positions: Å, shape (N, 3).
        energy: eV; None where the calculation failed.
        forces: eV/Å, shape (N, 3); None where the calculation failed.
        failure: why it failed.
        remark: what the user should know of it though it did not fail: that it was not relaxed to the end, say.
        about: what else is known of it: the angle of a scan, say.
        state: all that is needed to go on after this frame, as JSON can hold it; None: what stood there before will do.
    """

    positions: Float[np.ndarray, "N 3"]
    energy: float | None
    forces: Float[np.ndarray, "N 3"] | None
    failure: str | None = None
    about: dict[str, float] = field(default_factory=dict)
    state: dict[str, Any] | None = None
    remark: str | None = None


@dataclass(frozen=True)
class Bench(Driven):
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

    def labeller(self) -> Calculator:
        """A new calculator for labels."""
        return calculator_factory(self.method)(self.charge, self.multiplicity)

    def require_ready(self) -> None:
        """Refuse what cannot be, before anything is begun.

        Raises:
            SettingsError, DataError: the molecule or a method is not known, or not installed, or the molecule cannot have
                this charge and multiplicity.
        """
        start = self.start()
        for method in (self.drive, self.method):
            calculator_factory(method)(self.charge, self.multiplicity)
        if all(knows_its_charge(method) for method in (self.drive, self.method)):
            if self.charge or self.multiplicity > 1:
                raise SettingsError(
                    f"{self.method} is a function of yours, which knows charge and multiplicity itself: leave them out."
                )
            return
        formal = start.info.get("formal_charge", self.charge)
        if formal != self.charge:
            raise SettingsError(f"'{self.molecule}' has charge {formal}, not {self.charge}: say --charge {formal}.")
        electrons = int(start.numbers.sum()) - self.charge
        if electrons < self.multiplicity - 1 or (electrons - self.multiplicity) % 2 == 0:
            raise SettingsError(
                f"{start.get_chemical_formula()} with charge {self.charge} has {electrons} electrons, which cannot have "
                f"multiplicity {self.multiplicity}: give another charge or multiplicity."
            )

    def rng(self, name: str) -> np.random.Generator:
        """The random numbers of a segment."""
        return np.random.default_rng([self.seed, crc32(name.encode())])

    def label(
        self,
        atoms: Atoms,
        about: dict[str, float] | None = None,
        state: dict[str, Any] | None = None,
        remark: str | None = None,
    ) -> Labelled:
        """A geometry with its energy and forces; a calculation that fails says so."""
        positions = atoms.positions.copy()
        try:
            single = Atoms(atoms.numbers, positions)
            single.calc = self.labeller()
            forces = np.asarray(single.get_forces(), dtype=np.float64)
            energy = float(single.get_potential_energy())
            if not np.isfinite(energy) or not np.isfinite(forces).all():
                raise ArithmeticError("energy or forces are not finite")
        except Exception as error:  # calculators raise anything
            return Labelled(positions, None, None, first_line(error), about or {}, state)
        return Labelled(positions, energy, forces, None, about or {}, state, remark)


def first_line(error: Exception) -> str:
    """What an exception says, on one line."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


class Segment(ABC):
    """A series of frames that is drawn one after the other, and goes on after any of them.

    Attributes:
        name: of the frames' origin; unique in a sampling.
        expected: how many frames it makes.
        calculations: about how many energies and forces that takes.
        after: names of segments that must be at their end before; their frames are the state that it begins from.
    """

    name: str
    expected: int
    calculations: int
    after: tuple[str, ...] = ()

    @abstractmethod
    def frames(self, bench: Bench, done: int, state: dict[str, Any] | None) -> Iterator[Labelled]:
        """The frames after the first `done`, the last of which left this state.

        A segment that comes after others begins from `{"earlier": their frames}`.
        """


class Draw(BaseModel, ABC):
    """A way to draw geometries: its settings; `segments` says what is to be done."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start: str | None = Field(None, description="Another geometry to start from: a file, or a bundled name.")

    @property
    def geometries(self) -> tuple[str, ...]:
        """The files, names or SMILES that it begins from."""
        return () if self.start is None else (self.start,)

    def fingerprints(self) -> dict[str, str]:
        """Of files of which more counts than the first geometry: a hash of all that counts."""
        return {}

    @abstractmethod
    def segments(self, bench: Bench) -> list[Segment]:
        """What is to be done, in parts that can be done side by side."""
