"""Elements as files write them, formulas, and whether two lists of atoms are the same."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Literal

import numpy as np
from ase.data import atomic_numbers, chemical_symbols
from jaxtyping import Int

#: Written in another case, these are names of carbon, nitrogen, oxygen and hydrogen atoms in force fields and PDB files.
_ATOM_NAMES = {"Ca", "Cd", "Ce", "Cf", "Cm", "Cs", "He", "Hf", "Hg", "Ho", "Na", "Nb", "Nd", "Ne", "Ni", "Np", "Os"}


@cache
def atomic_number(text: str) -> int | None:
    """The atomic number of a symbol, in upper or lower case, or of a number; None for anything else, as for ghost atoms.

    `CA` (PDB) and `ca` (GAFF) are names of carbon atoms, and not taken for calcium, which is `Ca`.
    """
    if text.isdecimal():
        number = int(text)
        return number if 0 < number < len(chemical_symbols) else None
    symbol = text.capitalize()
    return None if symbol in _ATOM_NAMES and text != symbol else atomic_numbers.get(symbol) or None


def hill_formula(numbers: Sequence[int] | Int[np.ndarray, "N"]) -> str:
    """The molecular formula in Hill order: carbon, hydrogen, then alphabetically; without carbon all alphabetically.

    Numbers that are not atomic numbers become X.
    """
    symbols = [chemical_symbols[z] if 0 < z < len(chemical_symbols) else "X" for z in numbers]
    first = ("C", "H") if "C" in symbols else ()
    order = sorted(set(symbols), key=lambda s: (first.index(s) if s in first else len(first), s))
    return "".join(s + (str(n) if (n := symbols.count(s)) > 1 else "") for s in order)


def not_elements(numbers: Int[np.ndarray, "N"]) -> Int[np.ndarray, "K"]:
    """Indices of the atoms whose numbers are not atomic numbers."""
    return np.flatnonzero((numbers < 1) | (numbers >= len(chemical_symbols)))


def atom_mismatch(
    numbers: Sequence[int] | Int[np.ndarray, "N"], reference: Sequence[int] | Int[np.ndarray, "K"]
) -> Literal["atom-order", "other-molecule"] | None:
    """How atoms differ from those of a reference: in their order, or in their elements; None if they are the same."""
    if np.array_equal(numbers, reference):
        return None
    return "atom-order" if sorted(numbers) == sorted(reference) else "other-molecule"
