"""Numbers as text files write them. Python's own `float` also takes `1_2.5` and `infinity`, and `int` takes `1_0`."""

from __future__ import annotations

import re
from typing import Any

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][-+]?\d+)?|[-+]?(?:nan|inf)", re.ASCII | re.IGNORECASE)
_COUNT = re.compile(r"\d{1,9}", re.ASCII)


def parse_number(text: str) -> float | None:
    """A number, also as Fortran writes it (`1.0D-3`), or NaN or infinite (`nan`, `-inf`); None for anything else."""
    if _NUMBER.fullmatch(text) is None:
        return None
    try:
        return float(text)
    except ValueError:
        return float(text.replace("D", "E").replace("d", "e"))


def required_number(text: str) -> float:
    """The same.

    Raises:
        ValueError: the text is not a number.
    """
    value = parse_number(text)
    if value is None:
        raise ValueError(f"'{text}' is not a number")
    return value


def parse_count(text: str) -> int | None:
    """A number of atoms or frames, or an index; None for anything but up to 9 digits."""
    return int(text) if _COUNT.fullmatch(text) else None


def as_text(value: Any) -> str:
    """A value as text; whole numbers without a decimal point."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
