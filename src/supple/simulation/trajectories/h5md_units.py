"""Units as H5MD files spell them: `Angstrom fs-1`, `kJ mol-1 Angstrom-1`."""

from __future__ import annotations

import re

from ase import units

from supple.errors import DataError

_FACTORS = {
    "Angstrom": 1.0, "angstrom": 1.0, "nm": units.nm, "bohr": units.Bohr,
    "fs": units.fs, "ps": 1e3 * units.fs, "ns": 1e6 * units.fs,
    "eV": 1.0, "kJ": units.kJ, "kcal": units.kcal, "hartree": units.Hartree, "mol": units.mol,
}  # fmt: skip
_WORD = re.compile(r"([A-Za-z]+)([+-]?\d+)?")


def unit_in_ase(text: str, name: str) -> float:
    """The value of a unit in ASE's units (Å, eV, u).

    Args:
        text: units with integer exponents, spaces between.
        name: of the file, for the error message.

    Raises:
        DataError: the text has another form, or names a unit that is not known.
    """
    value = 1.0
    for word in text.split():
        found = _WORD.fullmatch(word)
        if found is None or found[1] not in _FACTORS:
            raise DataError(f"{name} uses the unit '{text}', which Supple does not know in H5MD files.")
        value *= _FACTORS[found[1]] ** int(found[2] or 1)
    return value
