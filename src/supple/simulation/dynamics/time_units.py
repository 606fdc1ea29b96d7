"""Times as a user writes them: `0.5fs`, `100ps`, `2ns`. Inside they are femtoseconds."""

from __future__ import annotations

import math
import re

from supple.errors import SettingsError

_UNITS = {"fs": 1.0, "ps": 1e3, "ns": 1e6}
_TEXT = re.compile(r"([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)\s*([A-Za-zµμ]*)")


def femtoseconds(text: str) -> float:
    """A time in fs from a text such as `100ps`.

    Raises:
        SettingsError: it is no number with one of the units fs, ps, ns, or not above zero.
    """
    found = _TEXT.fullmatch(text.strip())
    try:
        number = float(found[1]) if found else math.nan
    except ValueError:
        number = math.nan
    if found is None or math.isnan(number):
        raise SettingsError(f"'{text}' is not a time: write a number and a unit, for instance 0.5fs, 100ps or 2ns.")
    if found[2] not in _UNITS:
        missing = f"the unit of '{text}' is missing" if not found[2] else f"'{found[2]}' in '{text}' is no unit of time"
        raise SettingsError(f"{missing[0].upper()}{missing[1:]} here: write fs, ps or ns, for instance 100ps.")
    if not 0 < number < math.inf:
        raise SettingsError(f"The time '{text}' must be above zero.")
    return number * _UNITS[found[2]]


def written(fs: float) -> str:
    """A time in the largest unit of which it is one at least: `100 ps`."""
    unit = next((u for u in ("ns", "ps") if fs >= _UNITS[u] * (1 - 1e-12)), "fs")
    return f"{fs / _UNITS[unit]:.6g} {unit}"
