"""A torsion as a user names it: by numbers, or by the label that `supple check` prints."""

from __future__ import annotations

import re

from ase import Atoms

from supple.errors import SettingsError
from supple.geometry.coordinates import Coordinate

_ATOM = re.compile(r"(?P<symbol>[A-Z][a-z]?)?(?P<number>\d+)")


def torsion_named(molecule: Atoms, text: str | None) -> Coordinate:
    """From `1-2-3-4` or `N1-C2-C3-O4`, atoms counted from 1; the torsion that turns most atoms when None.

    Of an end that a label measures by two atoms, `H7/H8`, the first is taken.

    Raises:
        SettingsError: it names no torsion of the molecule, or an atom is of another element.
    """
    if text is None:
        return Coordinate.of(molecule, None)
    numbers = []
    for word in text.split("-"):
        found = _ATOM.fullmatch(word.partition("/")[0].strip())
        if found is None:
            raise SettingsError(f"'{text}' is no torsion: write four atoms, as 1-2-3-4 or N1-C2-C3-O4.")
        k = int(found["number"])
        if found["symbol"] and 1 <= k <= len(molecule) and molecule.symbols[k - 1] != found["symbol"]:
            raise SettingsError(
                f"Atom {k} of the molecule is {molecule.symbols[k - 1]}, not {found['symbol']} as in '{text}'."
            )
        numbers.append(str(k))
    if len(numbers) != 4:
        raise SettingsError(f"'{text}' is no torsion: write four atoms, as 1-2-3-4 or N1-C2-C3-O4.")
    return Coordinate.of(molecule, "-".join(numbers))
