"""Keys: the names of energies, forces, positions and atomic numbers in a file, as the user gives them with --keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from supple.data.reading.text_numbers import parse_number
from supple.errors import SettingsError

_QUANTITIES = ("numbers", "positions", "energy", "forces")
_SPELLINGS = {"energies": "energy", "force": "forces", "position": "positions", "number": "numbers"}


@dataclass(frozen=True)
class Key:
    """A name in the file, and the factor by which its numbers are multiplied; -1 turns gradients into forces."""

    name: str
    factor: float = 1.0

    def __str__(self) -> str:
        return self.name if self.factor == 1 else f"{self.name}*{self.factor:g}"


#: Given for the energy, it says that none is to be read.
_NONE = Key("none")


@dataclass(frozen=True)
class Keys:
    """The names that the user gave; None for the others.

    Attributes:
        without_energy: `energy=none` was given: the forces are read alone.
    """

    numbers: Key | None = None
    positions: Key | None = None
    energy: Key | None = None
    forces: Key | None = None
    without_energy: bool = False

    def require_none(self, file: str, what: str) -> None:
        """Refuse names for a file whose format determines what is what; `energy=none` may be given.

        Args:
            file: its name.
            what: it is, for the message.

        Raises:
            SettingsError: a name or a factor was given.
        """
        given = [quantity for quantity in _QUANTITIES if getattr(self, quantity) is not None]
        if given:
            raise SettingsError(
                f"{file} is {what}, in which quantities have no names: leave out {' and '.join(given)} in --keys; only "
                "energy=none, to read the forces alone, means something there."
            )

    @classmethod
    def parse(cls, given: Mapping[str, str] | str | None) -> Keys:
        """Keys from `energy=NAME,forces=NAME*-1`, or from a mapping such as `{"forces": "NAME*-1"}`; `energy=none` for no energy.

        Raises:
            SettingsError: the text has another form, or another quantity than numbers, positions, energy, forces.
        """
        if given is None:
            return cls()
        pairs = _pairs(given) if isinstance(given, str) else list(given.items())
        found: dict[str, Key] = {}
        for quantity, value in pairs:
            name = _SPELLINGS.get(quantity.strip().lower(), quantity.strip().lower())
            if name not in _QUANTITIES:
                raise SettingsError(
                    f"'{quantity}' in the keys is not a quantity: choose from {', '.join(_QUANTITIES)}."
                )
            found[name] = _key(value, name)
        without_energy = found.get("energy") == _NONE
        if without_energy:
            del found["energy"]
        return cls(**found, without_energy=without_energy)


def _pairs(text: str) -> list[tuple[str, str]]:
    pairs = []
    for part in text.split(","):
        if not part.strip():
            continue
        quantity, sep, value = part.partition("=")
        if not sep:
            raise SettingsError(
                f"'{part.strip()}' in the keys has no equals sign: write energy=NAME or forces=NAME*-1."
            )
        pairs.append((quantity, value))
    return pairs


def _key(text: str, quantity: str) -> Key:
    name, star, factor = text.strip().partition("*")
    if not name:
        raise SettingsError(f"The keys give no name for {quantity}: write {quantity}=NAME.")
    if not star:
        return Key(name)
    value = parse_number(factor.strip())
    if value is None or not np.isfinite(value) or value == 0 or quantity == "numbers":
        raise SettingsError(
            f"'*{factor}' in the key {quantity}={text.strip()} is not a factor: write, for example, *-1."
        )
    return Key(name.strip(), value)
