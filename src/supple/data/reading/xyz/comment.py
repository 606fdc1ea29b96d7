"""The second line of a frame in xyz: an energy alone, or key=value pairs that state energies, units and columns."""

from __future__ import annotations

import re

from supple.data.reading.keys import Key
from supple.data.reading.labels.label_candidates import UnclearLabelsError
from supple.data.reading.labels.label_names import energy_name
from supple.data.reading.raw_frames import NO_UNITS_STATED, StatedUnits
from supple.data.reading.xyz.errors import Location

#: A pair; or text in quotes that is neither key nor value, whose content is passed over. A quote that is never closed reaches
#: to the end of the line.
_PAIR = re.compile(
    r"""(?:("[^"]+"|'[^']+')|([^\s="'][^\s=]*))\s*=\s*"""
    r"""("(?:[^"\\]|\\.)*(?:"|$)|'(?:[^'\\]|\\.)*(?:'|$)|\{[^}]*\}|\[[^\]]*\]|[^\s]+)"""
    r"""|(?<!\S)"[^"]*(?:"|$)|(?<!\S)'[^']*'(?!\S)"""
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


def key_value_pairs(comment: str, location: Location) -> dict[str, str]:
    """The key=value pairs of a comment, values without the quotes or brackets around them; text in quotes has no keys.

    Args:
        comment: the line.
        location: of the frame, for messages.

    Raises:
        UnclearLabelsError: an energy is stated twice, with different values.
    """
    pairs: dict[str, str] = {}
    for quoted_key, bare_key, text in _PAIR.findall(comment):
        key, value = quoted_key[1:-1] or bare_key, _without_quotes(text)
        if not key:
            continue
        if pairs.setdefault(key, value) != value and energy_name(key) is not None:
            raise UnclearLabelsError(
                f"{location.file}: the comment of {location.comment} states '{key}' twice ({pairs[key]} and {value}): remove one."
            )
        pairs[key] = value
    return pairs


def _without_quotes(value: str) -> str:
    if value[:1] in ('"', "'"):
        inner = value[1:-1] if len(value) > 1 and value[-1] == value[0] else value[1:]
        return re.sub(r"\\(.)", r"\1", inner) if "\\" in inner else inner
    return value.rstrip(",;").strip("{}[]")


def stated_units(pairs: dict[str, str]) -> StatedUnits:
    """The units that a comment states."""
    stated = {_UNIT_KEYS[key.lower()]: value for key, value in pairs.items() if key.lower() in _UNIT_KEYS}
    return StatedUnits(**stated) if stated else NO_UNITS_STATED


def other_pairs(pairs: dict[str, str], energy: Key | None) -> dict[str, str]:
    """The pairs that are not the columns, the energy (under the key given), units, or `pbc` of an isolated molecule."""
    return {
        key: value
        for key, value in pairs.items()
        if (energy is None or key != energy.name)
        and key.lower() not in _UNIT_KEYS
        and key.lower() != "properties"
        and not (key.lower() == "pbc" and not set(value.split()) - {"F", "f", "0", "False", "false"})
    }
