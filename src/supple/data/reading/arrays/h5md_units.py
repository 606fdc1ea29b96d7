"""Units as H5MD files spell them: `Angstrom fs-1`, `kJ mol-1 Angstrom-1`."""

from __future__ import annotations

import re

from ase import units

from supple.errors import UnitsError

_FACTORS = {
    "Angstrom": 1.0, "angstrom": 1.0, "nm": units.nm, "bohr": units.Bohr,
    "fs": units.fs, "ps": 1e3 * units.fs, "ns": 1e6 * units.fs,
    "eV": 1.0, "kJ": units.kJ, "kcal": units.kcal, "hartree": units.Hartree, "mol": units.mol, "K": 1.0,
}  # fmt: skip
_FACTOR = re.compile(r"([A-Za-z]+)([+-]?\d+)?")


def unit_in_ase(text: str, name: str) -> float:
    """The value of a unit in ASE's units (Å, eV, u; times in Å √(u/eV)).

    Args:
        text: units with integer exponents, separated by spaces.
        name: of the file, for the error message.

    Raises:
        UnitsError: the text has another form, or one of the units is unknown.
    """
    value = 1.0
    for part in text.split():
        factor = _FACTOR.fullmatch(part)
        if factor is None or factor[1] not in _FACTORS:
            raise UnitsError(
                f"{name} uses the unit '{text}', which Supple does not support in H5MD files: use {', '.join(_FACTORS)}."
            )
        value *= _FACTORS[factor[1]] ** int(factor[2] or 1)
    return value
