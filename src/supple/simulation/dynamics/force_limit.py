"""Limits of forces as users write them: `0.2eV/Å`, `5 kcal/mol/A`, or a number in the units of the training data."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from supple.data.units import Units
from supple.errors import SettingsError, UnitsError

_TEXT = re.compile(r"([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)\s*(.*)")


@dataclass(frozen=True)
class ForceLimit:
    """A limit of a force.

    Attributes:
        value: in the unit.
        units: of which that of forces counts.
    """

    value: float
    units: Units

    @classmethod
    def parse(cls, text: str, default: Units) -> ForceLimit:
        """A limit from its text.

        Args:
            text: a number, and a unit of force if it is not the default one.
            default: of a number alone.

        Raises:
            SettingsError: it is not a positive number with a unit of force.
        """
        found = _TEXT.fullmatch(text.strip())
        try:
            number = float(found[1]) if found else math.nan
        except ValueError:
            number = math.nan
        if found is None or not 0 < number < math.inf:
            raise SettingsError(
                f"'{text}' is not a limit of a force: write a positive number and a unit, for instance 0.2eV/Å or 5kcal/mol/Å."
            )
        if not found[2]:
            return cls(number, default)
        try:
            return cls(number, Units.parse(f"energy=eV,length=Å,forces={found[2]}"))
        except UnitsError as error:
            raise SettingsError(f"The limit of a force '{text}' has no unit of force: {error}") from error

    @property
    def in_ev_per_angstrom(self) -> float:
        """The limit in eV/Å."""
        return self.value * self.units.forces_in_ev_per_angstrom

    def in_unit(self, force: float) -> str:
        """A force in eV/Å, as a text in the unit of the limit."""
        return f"{force / self.units.forces_in_ev_per_angstrom:.3g} {self.units.forces}"
