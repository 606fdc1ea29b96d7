"""Units of files and reports, parsed and converted here and nowhere else.

Within Supple energies are in eV, lengths in Å, forces in eV/Å. A `Units` object says what the units of a file, or of a
report for the user, are.

Values of the constants: CODATA 2018 (Tiesinga et al., Rev. Mod. Phys. 93, 025010, 2021); the calorie is the
thermochemical one, 4.184 J.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from supple.errors import UnitsError

_JOULE_PER_EV = 1.602176634e-19
_AVOGADRO = 6.02214076e23
_KJ_PER_MOL = 1e3 / _AVOGADRO / _JOULE_PER_EV

Quantity = Literal["energy", "forces"]

#: Energy units in eV.
ENERGY: dict[str, float] = {
    "eV": 1.0,
    "meV": 1e-3,
    "kcal/mol": 4.184 * _KJ_PER_MOL,
    "kJ/mol": _KJ_PER_MOL,
    "hartree": 27.211386245988,
    "Ry": 27.211386245988 / 2,
}

#: Length units in Å.
LENGTH: dict[str, float] = {"Å": 1.0, "bohr": 0.529177210903, "nm": 10.0, "pm": 0.01}

_ALIASES = {
    "ev": "eV",
    "electronvolt": "eV",
    "kcal/mol": "kcal/mol",
    "kcal": "kcal/mol",
    "kcalmol": "kcal/mol",
    "kcal*mol^-1": "kcal/mol",
    "kj/mol": "kJ/mol",
    "kj": "kJ/mol",
    "hartree": "hartree",
    "ha": "hartree",
    "eh": "hartree",
    "e_h": "hartree",
    "ry": "Ry",
    "rydberg": "Ry",
    "å": "Å",
    "a": "Å",
    "ang": "Å",
    "angstrom": "Å",
    "angstroms": "Å",
    "ångström": "Å",
    "bohr": "bohr",
    "a0": "bohr",
    "a_0": "bohr",
    "nm": "nm",
    "pm": "pm",
}


@dataclass(frozen=True)
class Units:
    """The units of energies, lengths and forces.

    They are written in one of three ways: `Units.parse("kcal/mol")`, `Units.parse("hartree,bohr")` or
    `Units.parse("energy=eV,length=Å,forces=hartree/bohr")`. By default lengths are in Å, and forces in the unit of energy
    per unit of length.
    """

    energy: str = "eV"
    length: str = "Å"
    force_energy: str = "eV"
    force_length: str = "Å"

    @property
    def forces(self) -> str:
        """The force unit, for example `kcal/mol/Å`."""
        return f"{self.force_energy}/{self.force_length}"

    @property
    def energy_in_ev(self) -> float:
        """The value of the energy unit, eV."""
        return ENERGY[self.energy]

    @property
    def length_in_angstrom(self) -> float:
        """The value of the length unit, Å."""
        return LENGTH[self.length]

    @property
    def forces_in_ev_per_angstrom(self) -> float:
        """The value of the force unit, eV/Å."""
        return ENERGY[self.force_energy] / LENGTH[self.force_length]

    @property
    def shorthand(self) -> str:
        """The shortest text for which `Units.parse` gives these units."""
        if self == Units.of(self.energy):
            return self.energy
        if self == Units.of(self.energy, self.length):
            return f"{self.energy},{self.length}"
        length = "" if self.length == "Å" else f"length={self.length},"
        return f"energy={self.energy},{length}forces={self.forces}"

    @classmethod
    def of(cls, energy: str, length: str = "Å", forces: str | None = None) -> Units:
        """Units by quantity, each in any usual spelling.

        Args:
            energy: for instance `kcal/mol`.
            length: for instance `bohr`.
            forces: for instance `kcal/mol/Å`; energy per length if None.

        Raises:
            UnitsError: a unit is unknown.
        """
        energy, length = _canonical(energy, ENERGY, "energy"), _canonical(length, LENGTH, "length")
        force_energy, force_length = _parse_forces(forces) if forces else (energy, length)
        return cls(energy, length, force_energy, force_length)

    @classmethod
    def parse(cls, text: str | Units) -> Units:
        """Units from text such as `kcal/mol`, `hartree,bohr` or `energy=eV,length=Å,forces=eV/Å`.

        Raises:
            UnitsError: the text has another form, or a unit is unknown.
        """
        if isinstance(text, Units):
            return text
        parts = [part.strip() for part in text.split(",") if part.strip()]
        if not parts:
            raise UnitsError("The units are empty: write, for example, kcal/mol or hartree,bohr.")
        given: dict[str, str] = {}
        for position, part in enumerate(parts):
            key, sep, value = part.partition("=")
            if not sep:
                if position > 2:
                    raise UnitsError(
                        f"The units '{text}' have too many parts: write energy,length,forces in this order."
                    )
                key, value = ("energy", "length", "forces")[position], part
            key = key.strip().lower()
            key = {"force": "forces", "energies": "energy", "lengths": "length"}.get(key, key)
            if key not in ("energy", "length", "forces"):
                raise UnitsError(
                    f"'{key}' in the units '{text}' is not a quantity: choose from energy, length, forces."
                )
            given[key] = value.strip()
        if "energy" not in given:
            raise UnitsError(f"The units '{text}' do not name the energy unit: add, for example, energy=kcal/mol.")
        return cls.of(given["energy"], given.get("length", "Å"), given.get("forces"))

    def __str__(self) -> str:
        return f"energy={self.energy},length={self.length},forces={self.forces}"


#: The units of everything within Supple.
INTERNAL = Units()


def in_internal(quantity: Quantity, unit: str) -> float:
    """The value of a unit of energy (eV) or force (eV/Å).

    Raises:
        UnitsError: the unit is unknown.
    """
    if quantity == "energy":
        return Units.of(unit).energy_in_ev
    return Units.of("eV", forces=unit).forces_in_ev_per_angstrom


def _canonical(name: str, known: dict[str, float], quantity: str) -> str:
    if name in known:  # before the aliases: meV and MeV differ in case alone
        return name
    found = _ALIASES.get(name.strip().lower().replace(" ", ""))
    if found in known:
        return str(found)
    close = get_close_matches(name.lower(), [alias for alias, unit in _ALIASES.items() if unit in known], n=1)
    hint = f" (did you mean {_ALIASES[close[0]]}?)" if close else ""
    raise UnitsError(f"'{name}' is not a known {quantity} unit{hint}: choose from {', '.join(known)}.")


def _parse_forces(text: str) -> tuple[str, str]:
    energy, sep, length = text.rpartition("/")
    if not sep:
        raise UnitsError(f"'{text}' is not a force unit: write energy per length, for example kcal/mol/Å.")
    return _canonical(energy, ENERGY, "energy"), _canonical(length, LENGTH, "length")
