"""Whether a relaxation broke or formed a bond."""

from __future__ import annotations

import numpy as np
from ase.data import chemical_symbols
from jaxtyping import Float, Int

from supple.molecule.bonds import frequent_bonds


def changed_bond(
    numbers: Int[np.ndarray, "N"], before: Float[np.ndarray, "N 3"], after: Float[np.ndarray, "N 3"]
) -> str | None:
    """A sentence about the first bond that broke or formed."""
    old, new = frequent_bonds(numbers, before[None]), frequent_bonds(numbers, after[None])
    changed = np.argwhere(np.triu(old != new))
    if not len(changed):
        return None
    i, j = changed[0]
    what = "broke" if old[i, j] else "formed"
    return f"the bond {chemical_symbols[numbers[i]]}{i + 1}-{chemical_symbols[numbers[j]]}{j + 1} {what}"
