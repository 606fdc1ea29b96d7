"""Inferring which names in a file are the energy and the forces; a name is used only if it is unambiguous."""

from __future__ import annotations

from collections.abc import Collection

from supple.data.reading.keys import Key
from supple.errors import DataError

#: Parts of names that mention an energy or a force but are not one.
_NOT_LABELS = ("unit", "weight", "std", "var", "uncert", "error", "sigma", "per_atom", "shift")
_STATISTICS = ("min", "max", "mean", "var")


def infer_energy(names: Collection[str], file: str, *, optional: bool = False) -> str | None:
    """The only name that can be the energy; None if there is none.

    Args:
        names: in the file.
        file: its name, for messages.
        optional: return None as well if several names fit.

    Raises:
        DataError: several names fit equally well.
    """
    candidates = [n for n in names if "energ" in n.lower() and not any(part in n.lower() for part in _NOT_LABELS)]
    # E_min and the like are statistics of all energies in sGDML datasets
    candidates = candidates or [n for n in names if n == "E" or (n.startswith("E_") and n[2:] not in _STATISTICS)]
    # ASE writes the free energy of the electrons beside the energy that the forces belong to
    others = [n for n in candidates if "free" not in n.lower()]
    return _only(others or candidates, ("energy", "energies"), "energy", file, optional)


def infer_forces(names: Collection[str], file: str, *, optional: bool = False) -> str | None:
    """The only name that can be the forces.

    Args:
        names: in the file.
        file: its name, for messages.
        optional: return None instead of raising an error.

    Raises:
        DataError: no name fits, several fit equally well, or there are only gradients.
    """
    candidates = [n for n in names if "force" in n.lower() and not any(part in n.lower() for part in _NOT_LABELS)]
    found = _only(candidates, ("forces", "force"), "forces", file, optional)
    if found is not None or optional:
        return found
    gradients = [n for n in names if "grad" in n.lower()]
    if gradients:
        raise DataError(
            f"{file} has no forces but '{gradients[0]}', which by its name is minus the forces: "
            f"use --keys forces={gradients[0]}*-1."
        )
    raise no_forces(file, names)


def no_forces(file: str, names: Collection[str] = ()) -> DataError:
    """The error of a file without forces that has these names."""
    if names:
        return DataError(f"{file} has no forces (it has {', '.join(names)}): name them with --keys forces=NAME.")
    return DataError(
        f"{file} has no forces; a force field cannot be trained on energies alone: calculate forces as well."
    )


def missing_key(file: str, key: Key, names: Collection[str], where: str = "") -> DataError:
    """The error of a file that does not have the name that the user gave, but these."""
    return DataError(
        f"{file} has no '{key.name}'{where}, which --keys asks for; it has {', '.join(names) or 'nothing'}."
    )


def _only(candidates: list[str], exact: tuple[str, ...], quantity: str, file: str, optional: bool) -> str | None:
    for name in exact:
        if name in candidates:
            return name
    candidates = [name for name in candidates if name.lower() in exact] or candidates
    if len(candidates) > 1 and not optional:
        raise DataError(
            f"{file} has {len(candidates)} names that could be the {quantity} ({', '.join(candidates)}): "
            f"choose one with --keys {quantity}=NAME."
        )
    return candidates[0] if len(candidates) == 1 else None
