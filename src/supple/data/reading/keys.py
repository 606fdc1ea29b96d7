"""Keys: where energies, forces, positions and atomic numbers stand in a file; said by the user, or inferred."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from supple.errors import DataError, SettingsError

_QUANTITIES = ("numbers", "positions", "energy", "forces")
_SPELLINGS = {"energies": "energy", "force": "forces", "position": "positions", "number": "numbers"}
#: Names that speak of an energy or force, but are not one.
_NOT_A_LABEL = ("unit", "weight", "std", "var", "uncert", "error", "sigma", "per_atom", "shift")
_STATISTICS = ("min", "max", "mean", "var")


@dataclass(frozen=True)
class Key:
    """A name in the file, and what its numbers are to be multiplied by."""

    name: str
    factor: float = 1.0


@dataclass(frozen=True)
class Keys:
    """What the user said about names in the file; None where nothing was said."""

    numbers: Key | None = None
    positions: Key | None = None
    energy: Key | None = None
    forces: Key | None = None

    @classmethod
    def parse(cls, given: Mapping[str, str] | str | None) -> Keys:
        """Keys from `energy=NAME,forces=NAME*-1` or from a mapping of the same.

        Raises:
            SettingsError: the text is not of that form, or names a quantity that does not exist.
        """
        if given is None:
            return cls()
        pairs = _pairs(given) if isinstance(given, str) else list(given.items())
        found: dict[str, Key] = {}
        for quantity, value in pairs:
            name = _SPELLINGS.get(quantity.strip().lower(), quantity.strip().lower())
            if name not in _QUANTITIES:
                raise SettingsError(f"'{quantity}' in the keys is not one of {', '.join(_QUANTITIES)}.")
            found[name] = _key(value, name)
        return cls(**found)


def _pairs(text: str) -> list[tuple[str, str]]:
    pairs = []
    for part in text.split(","):
        if not part.strip():
            continue
        quantity, sep, value = part.partition("=")
        if not sep:
            raise SettingsError(f"'{part.strip()}' in the keys is not of the form energy=NAME or forces=NAME*-1.")
        pairs.append((quantity, value))
    return pairs


def _key(text: str, quantity: str) -> Key:
    name, star, factor = text.strip().partition("*")
    if not name:
        raise SettingsError(f"The keys give no name for {quantity}: write {quantity}=NAME.")
    if not star:
        return Key(name)
    try:
        value = float(factor)
    except ValueError:
        value = np.nan
    if not np.isfinite(value) or value == 0 or quantity == "numbers":
        raise SettingsError(
            f"'*{factor}' in the key {quantity}={text.strip()} is not a factor: write for instance *-1."
        )
    return Key(name.strip(), value)


def infer_energy(names: Collection[str], file: str) -> str | None:
    """The one name that can only be the energy; None when there is no candidate.

    Raises:
        DataError: several names fit equally well.
    """
    candidates = [n for n in names if "energ" in n.lower() and not any(word in n.lower() for word in _NOT_A_LABEL)]
    # E_min and the like are what sGDML says of all energies together
    candidates = candidates or [n for n in names if n == "E" or (n.startswith("E_") and n[2:] not in _STATISTICS)]
    # ASE writes the free energy of the electrons beside the energy that the forces belong to
    others = [n for n in candidates if "free" not in n.lower()]
    return _the_one(others or candidates, ("energy", "energies"), "energy", file)


def infer_forces(names: Collection[str], file: str) -> str:
    """The one name that can only be the forces.

    Raises:
        DataError: no name fits, or several do equally well, or there are only gradients.
    """
    candidates = [n for n in names if "force" in n.lower() and not any(word in n.lower() for word in _NOT_A_LABEL)]
    found = _the_one(candidates, ("forces", "force"), "forces", file)
    if found is not None:
        return found
    gradients = [n for n in names if "grad" in n.lower()]
    if gradients:
        raise DataError(
            f"{file} has no forces but '{gradients[0]}', which by its name is minus the forces: "
            f"say --keys forces={gradients[0]}*-1."
        )
    raise no_forces(file, names)


def no_forces(file: str, names: Collection[str]) -> DataError:
    """The refusal of a file without forces, to be raised."""
    there = f" (it has {', '.join(names)}): name them with --keys forces=NAME" if names else ""
    return DataError(f"{file} has no forces{there}; a force field cannot be trained on energies alone.")


def not_there(file: str, key: Key, names: Collection[str], where: str = "") -> DataError:
    """The refusal of a name that the file does not have, to be raised."""
    return DataError(f"{file} has no '{key.name}'{where}, as the keys say; it has {', '.join(names) or 'nothing'}.")


def _the_one(candidates: list[str], exact: tuple[str, ...], quantity: str, file: str) -> str | None:
    for wanted in exact:
        if wanted in candidates:
            return wanted
    same = [name for name in candidates if name.lower() in exact]
    candidates = same or candidates
    if len(candidates) > 1:
        raise DataError(
            f"{file} has {len(candidates)} names that may be the {quantity}, {', '.join(candidates)}: "
            "say which with --keys energy=NAME,forces=NAME."
        )
    return candidates[0] if candidates else None
