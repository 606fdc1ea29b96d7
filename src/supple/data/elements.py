"""Elements as files write them: a symbol in any case, or an atomic number."""

from __future__ import annotations

from functools import cache

from ase.data import atomic_numbers, chemical_symbols


@cache
def atomic_number(text: str) -> int | None:
    """The atomic number for a symbol or a number; None for anything else, ghost atoms among it."""
    if text.isdecimal():
        number = int(text)
        return number if 0 < number < len(chemical_symbols) else None
    return atomic_numbers.get(text.capitalize()) or None


def formula(numbers: list[int]) -> str:
    """The elements with their counts, by atomic number from carbon up, hydrogen after: for messages."""
    order = sorted(set(numbers), key=lambda z: (z != 6, z != 1, chemical_symbols[z]))
    return "".join(chemical_symbols[z] + (str(n) if (n := numbers.count(z)) > 1 else "") for z in order)
