"""RawFrames: the content of a file in the file's own units, as every reader returns it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int

from supple.data.units import Units
from supple.molecule.boxes import Boxes

#: What programs write into a unit field when the unit is unknown.
_PLACEHOLDERS = {"", "unknown", "none", "n/a", "na", "?"}
_ATOMIC = {"au", "a.u.", "atomic"}


@dataclass(frozen=True)
class StatedUnits:
    """The units that a file states, in its own spelling; None for what it does not state.

    Attributes:
        energy: of energies, for instance `kcal/mol`.
        length: of positions, for instance `Angstrom`.
        forces: of forces, for instance `hartree/bohr`.
        combined: all of them in one text, as `Units.parse` takes it.
    """

    energy: str | None = None
    length: str | None = None
    forces: str | None = None
    combined: str | None = None

    def __post_init__(self) -> None:
        for name in ("energy", "length", "forces", "combined"):
            text = getattr(self, name)
            if text is not None and text.strip().lower() in _PLACEHOLDERS:
                object.__setattr__(self, name, None)

    @property
    def states_energy(self) -> bool:
        """Whether the energy unit follows from what is stated."""
        return any((self.energy, self.forces, self.combined))

    def units(self, energy: str = "eV") -> Units:
        """What is stated, as units.

        Args:
            energy: the energy unit of a file that states none.

        Raises:
            UnitsError: a unit is unknown.
        """
        if self.combined:
            return Units.parse(_atomic(self.combined, "hartree,bohr"))
        if self.energy:
            energy = _atomic(self.energy, "hartree")
        elif self.forces:
            energy = _atomic(self.forces, "hartree/bohr").rpartition("/")[0]
        length = _atomic(self.length, "bohr") if self.length else "Å"
        return Units.of(energy, length, _atomic(self.forces, "hartree/bohr") if self.forces else None)

    def __str__(self) -> str:
        parts = (self.energy, self.length, self.forces, self.combined)
        return " and ".join(f"'{part}'" for part in parts if part)


#: Of a file that states no units.
NO_UNITS_STATED = StatedUnits()


@dataclass(frozen=True)
class RawFrames:
    """M frames of one molecule of N atoms, in the file's own units.

    Attributes:
        numbers: atomic numbers, shape (N,).
        positions: shape (M, N, 3).
        energies: total energy of each frame, shape (M,), NaN where unknown; None if the file has none.
        forces: minus the gradient of the energy, shape (M, N, 3); None if the file has none or they are not wanted.
        stated: the units that the file states.
        convention: the units of files of this kind that state none; None if there is no such convention.
        known: the units of the output of a program, which are not in doubt; None where they have to be stated.
        frames: index of each frame in the file, counted from 0, shape (M,); None if no frame was left out.
        extras: all other data of each frame in the file, by name; the first axis of each array has length M.
        about: data that apply to all frames of the file, as text by name; the level of theory under `theory`.
        boxes: of the frames, in the unit of the positions; None if the file has none.
    """

    numbers: Int[np.ndarray, "N"]
    positions: Float[np.ndarray, "M N 3"]
    energies: Float[np.ndarray, "M"] | None
    forces: Float[np.ndarray, "M N 3"] | None
    stated: StatedUnits = NO_UNITS_STATED
    convention: Units | None = None
    known: Units | None = None
    frames: Int[np.ndarray, "M"] | None = None
    extras: Mapping[str, np.ndarray] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)
    boxes: Boxes | None = None


def _atomic(text: str, meaning: str) -> str:
    return meaning if text.strip().lower() in _ATOMIC else text
