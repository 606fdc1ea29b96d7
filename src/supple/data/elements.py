"""Elements: their symbols and atomic numbers as files write them, and formulas."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from ase.data import atomic_numbers, chemical_symbols


@cache
def atomic_number(text: str) -> int | None:
    """The atomic number of a symbol, in upper or lower case, or of a number; None for anything else, as for ghost atoms."""
    if text.isdecimal():
        number = int(text)
        return number if 0 < number < len(chemical_symbols) else None
    return atomic_numbers.get(text.capitalize()) or None


def hill_formula(numbers: Iterable[int]) -> str:
    """The molecular formula in Hill order: carbon, hydrogen, then alphabetically; without carbon all alphabetically."""
    symbols = [chemical_symbols[z] for z in numbers]
    first = ("C", "H") if "C" in symbols else ()
    order = sorted(set(symbols), key=lambda s: (first.index(s) if s in first else len(first), s))
    return "".join(s + (str(n) if (n := symbols.count(s)) > 1 else "") for s in order)
