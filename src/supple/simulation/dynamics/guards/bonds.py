"""No bond leaves its range: the published criterion of stability.

A run counts as unstable from the first time that a bond is more than 0.5 Å from its mean in the reference data (Fu et al.,
Trans. Mach. Learn. Res. 2023, arXiv:2210.07237). Bonds that go further than that in the data themselves, as when a proton
changes its partner, may go as far as there.
"""

from __future__ import annotations

import numpy as np
from ase.data import chemical_symbols
from jaxtyping import Bool, Float, Int

from supple.molecule.bonds import frequent_bonds
from supple.simulation.dynamics.guards.base import Moment

#: Å
_TOLERANCE = 0.5


class BondsGuard:
    """Watches the bonds of a molecule.

    Args:
        numbers: atomic numbers, shape (N,).
        reference: Å, shape (M, N, 3): the reference data, or the start geometries alone.
    """

    name = "bonds"
    of_geometry = True

    def __init__(self, numbers: Int[np.ndarray, "N"], reference: Float[np.ndarray, "M N 3"]) -> None:
        self.numbers = numbers
        self.first, self.second = np.nonzero(np.triu(frequent_bonds(numbers, reference)))
        lengths = np.linalg.norm(reference[:, self.first] - reference[:, self.second], axis=-1)
        self.mean = lengths.mean(axis=0)
        self.low = np.minimum(self.mean - _TOLERANCE, lengths.min(axis=0))
        self.high = np.maximum(self.mean + _TOLERANCE, lengths.max(axis=0))

    def objections(self, moment: Moment) -> list[str | None]:
        """The bond of each molecule that is furthest from its mean, of those out of range."""
        apart = moment.positions[:, self.first] - moment.positions[:, self.second]
        lengths = np.sqrt((apart * apart).sum(axis=-1))
        outside = ~((lengths >= self.low) & (lengths <= self.high))
        return [self._sentence(*row) if row[1].any() else None for row in zip(lengths, outside, strict=True)]

    def _sentence(self, lengths: Float[np.ndarray, "K"], outside: Bool[np.ndarray, "K"]) -> str:
        k = int(np.argmax(np.where(outside, np.abs(lengths - self.mean), -1.0)))
        pair = "-".join(f"{chemical_symbols[self.numbers[i]]}{i + 1}" for i in (self.first[k], self.second[k]))
        return (
            f"the bond {pair} is {lengths[k]:.2f} Å long, beyond its range of {self.low[k]:.2f} to {self.high[k]:.2f} Å"
        )
