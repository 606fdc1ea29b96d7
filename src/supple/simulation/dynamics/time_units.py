"""Times as users write them: `0.5fs`, `100ps`, `2ns`. In Python they are numbers in fs."""

from __future__ import annotations

import math
import re

from supple.errors import SettingsError

_UNITS = {"fs": 1.0, "ps": 1e3, "ns": 1e6}
_TEXT = re.compile(r"([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)\s*([A-Za-zµμ]*)")


def parse_time(text: str) -> float:
    """A time in fs from a text such as `100ps`.

    Raises:
        SettingsError: the text is not a number with one of the units fs, ps, ns, or the time is not positive.
    """
    found = _TEXT.fullmatch(text.strip())
    try:
        number = float(found[1]) if found else math.nan
    except ValueError:
        number = math.nan
    if found is None or math.isnan(number):
        raise SettingsError(f"'{text}' is not a time: write a number and a unit, for instance 0.5fs, 100ps or 2ns.")
    if not found[2]:
        raise SettingsError(f"The unit of '{text}' is missing: write fs, ps or ns, for instance 100ps.")
    if found[2] not in _UNITS:
        raise SettingsError(f"'{found[2]}' in '{text}' is not a unit of time: write fs, ps or ns, for instance 100ps.")
    if not 0 < number < math.inf:
        raise SettingsError(f"The time '{text}' must be positive.")
    return number * _UNITS[found[2]]


def format_time(fs: float, separator: str = " ") -> str:
    """A time in fs, ps or ns, whichever is the largest unit that gives at least 1: `100 ps`, `0 fs`."""
    unit = next((u for u in ("ns", "ps") if fs >= _UNITS[u] * (1 - 1e-12)), "fs")
    return f"{fs / _UNITS[unit]:.6g}{separator}{unit}"
