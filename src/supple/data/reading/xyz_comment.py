"""The second line of a frame in xyz: an energy alone, or key=value pairs that state energies, units and columns."""

from __future__ import annotations

import re

from supple.data.reading.infer_keys import infer_energy, missing_key
from supple.data.reading.raw_frames import NO_UNITS_STATED, StatedUnits
from supple.data.reading.read_request import ReadRequest

_PAIR = re.compile(
    r"""("[^"]+"|'[^']+'|[^\s=]+)\s*=\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\{[^}]*\}|\[[^\]]*\]|[^\s]+)"""
)
_UNIT_KEYS = {
    "energy_unit": "energy",
    "energy_units": "energy",
    "length_unit": "length",
    "length_units": "length",
    "position_unit": "length",
    "positions_unit": "length",
    "force_unit": "forces",
    "force_units": "forces",
    "forces_unit": "forces",
    "forces_units": "forces",
    "unit": "combined",
    "units": "combined",
}


def key_value_pairs(comment: str) -> dict[str, str]:
    """The key=value pairs of a comment, values without the quotes or brackets around them."""
    return {key.strip("\"'"): _without_quotes(value) for key, value in _PAIR.findall(comment)}


def _without_quotes(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return re.sub(r"\\(.)", r"\1", value[1:-1]) if "\\" in value else value[1:-1]
    return value.strip("{}[]")


def parse_number(text: str) -> float | None:
    """A number, also as Fortran writes it: `1.0D-3`; None for anything else."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return float(text.replace("D", "E").replace("d", "e"))
    except ValueError:
        return None


def energy_name(pairs: dict[str, str], request: ReadRequest, file: str, frame: str) -> str | None:
    """The key of the energy in a comment; None if there is none.

    Raises:
        DataError: it is unclear which key is the energy, or the comment lacks the one that the user named.
    """
    key = request.keys.energy
    if key is not None:
        if key.name not in pairs:
            raise missing_key(file, key, list(pairs), f" in the comment of {frame}")
        return key.name
    # energy_method=PBE is not an energy; energy=PBE is a damaged one
    names = [
        name
        for name, value in pairs.items()
        if parse_number(value) is not None or name.lower() in ("energy", "energies")
    ]
    return infer_energy(names, file, optional=not request.requires_labels)


def stated_units(pairs: dict[str, str]) -> StatedUnits:
    """The units that a comment states."""
    stated = {_UNIT_KEYS[key.lower()]: value for key, value in pairs.items() if key.lower() in _UNIT_KEYS}
    return StatedUnits(**stated) if stated else NO_UNITS_STATED


def other_pairs(pairs: dict[str, str], energy: str | None) -> dict[str, str]:
    """The pairs that are not the columns, the energy (under the key given), units, or `pbc` of an isolated molecule."""
    return {
        key: value
        for key, value in pairs.items()
        if key != energy
        and key.lower() not in _UNIT_KEYS
        and key.lower() != "properties"
        and not (key.lower() == "pbc" and not set(value.split()) - {"F", "f", "0", "False", "false"})
    }
