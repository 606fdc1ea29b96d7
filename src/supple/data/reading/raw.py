"""Raw: what a file says, before units are settled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int

from supple.data.units import Units

#: What programs write into a unit field when they do not know.
_SAYS_NOTHING = {"", "unknown", "none", "n/a", "na", "?"}
_ATOMIC = {"au", "a.u.", "atomic"}


@dataclass(frozen=True)
class Stated:
    """The units that a file states for itself, in its own words; None where it is silent."""

    energy: str | None = None
    length: str | None = None
    forces: str | None = None
    #: All three in one text.
    whole: str | None = None

    def __post_init__(self) -> None:
        for name in ("energy", "length", "forces", "whole"):
            text = getattr(self, name)
            if text is not None and text.strip().lower() in _SAYS_NOTHING:
                object.__setattr__(self, name, None)

    @property
    def says_energy(self) -> bool:
        """Whether the energy unit follows from what is stated."""
        return any((self.energy, self.forces, self.whole))

    def units(self, energy: str = "eV") -> Units:
        """What is stated, as units; `energy` where the file is silent about it.

        Raises:
            UnitsError: a unit is not known.
        """
        if self.whole:
            return Units.parse(_atomic(self.whole, "hartree,bohr"))
        if self.energy:
            energy = _atomic(self.energy, "hartree")
        elif self.forces:
            energy = _atomic(self.forces, "hartree/bohr").rpartition("/")[0]
        length = _atomic(self.length, "bohr") if self.length else "Å"
        return Units.of(energy, length, _atomic(self.forces, "hartree/bohr") if self.forces else None)

    def __str__(self) -> str:
        parts = (self.energy, self.length, self.forces, self.whole)
        return " and ".join(f"'{part}'" for part in parts if part)


#: Of a file that states nothing.
SILENT = Stated()


@dataclass(frozen=True)
class Raw:
    """The content of a file in the file's own units.

    Attributes:
        numbers: atomic numbers, shape (N,).
        positions: shape (M, N, 3).
        energies: shape (M,), NaN where not known; None when the file has none.
        forces: shape (M, N, 3); None when they are not wanted.
        stated: the units that the file states.
        convention: the units that files of this kind are in unless they say otherwise; None without such a custom.
        frames: the place of each frame in the file, counted from 0, shape (M,); None where none was left out.
        extras: whatever else the file says of each frame, by name; the first axis of each array has length M.
        about: what the file says of all frames together, as text by name; the level of theory as `theory`.
    """

    numbers: Int[np.ndarray, "N"]
    positions: Float[np.ndarray, "M N 3"]
    energies: Float[np.ndarray, "M"] | None
    forces: Float[np.ndarray, "M N 3"] | None
    stated: Stated = SILENT
    convention: Units | None = None
    frames: Int[np.ndarray, "M"] | None = None
    extras: Mapping[str, np.ndarray] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)


def _atomic(text: str, meaning: str) -> str:
    return meaning if text.strip().lower() in _ATOMIC else text
