"""Every bond length stays within its range: the published criterion of stability.

A run counts as unstable from the first time that a bond length differs by more than 0.5 Å from its mean in the reference data
(Fu et al., Trans. Mach. Learn. Res. 2023, arXiv:2210.07237). A bond that varies more than that in the data themselves, as in
a proton transfer, may vary as much.
"""

from __future__ import annotations

import numpy as np
from ase.data import chemical_symbols
from jaxtyping import Bool, Float, Int

from supple.molecule.bonds import frequent_bonds
from supple.simulation.dynamics.guards.guard import Snapshot

#: Å
_TOLERANCE = 0.5


class BondsGuard:
    """Checks the bond lengths of a molecule.

    Args:
        numbers: atomic numbers, shape (N,).
        reference: geometries of the reference data, or else initial geometries, Å, shape (M, N, 3).
    """

    name = "bonds"
    checks_geometry = True

    def __init__(self, numbers: Int[np.ndarray, "N"], reference: Float[np.ndarray, "M N 3"]) -> None:
        self.numbers = numbers
        self.first, self.second = np.nonzero(np.triu(frequent_bonds(numbers, reference)))
        lengths = np.linalg.norm(reference[:, self.first] - reference[:, self.second], axis=-1)
        self.mean = lengths.mean(axis=0)
        self.low = np.minimum(self.mean - _TOLERANCE, lengths.min(axis=0))
        self.high = np.maximum(self.mean + _TOLERANCE, lengths.max(axis=0))

    def check(self, snapshot: Snapshot) -> list[str | None]:
        """Of each replica, the bond out of range that differs most from its mean."""
        separation = snapshot.positions[:, self.first] - snapshot.positions[:, self.second]
        lengths = np.sqrt((separation * separation).sum(axis=-1))
        outside = ~((lengths >= self.low) & (lengths <= self.high))
        return [self._sentence(*row) if row[1].any() else None for row in zip(lengths, outside, strict=True)]

    def _sentence(self, lengths: Float[np.ndarray, "K"], outside: Bool[np.ndarray, "K"]) -> str:
        k = int(np.argmax(np.where(outside, np.abs(lengths - self.mean), -1.0)))
        pair = "-".join(f"{chemical_symbols[self.numbers[i]]}{i + 1}" for i in (self.first[k], self.second[k]))
        return f"the bond {pair} is {lengths[k]:.2f} Å long, outside its range of {self.low[k]:.2f} to {self.high[k]:.2f} Å"
