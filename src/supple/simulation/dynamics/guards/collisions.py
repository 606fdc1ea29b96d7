"""No two atoms that are not bonded come as near to each other as bonded ones."""

from __future__ import annotations

import numpy as np
from ase.data import chemical_symbols, covalent_radii
from jaxtyping import Float, Int

from supple.molecule.bonds import frequent_bonds
from supple.simulation.dynamics.guards.base import Moment

#: Atoms collide when nearer than this times the sum of their covalent radii, the length of a bond between them ...
_NEAR = 1.0
#: ... or, where the reference data have them as near, than this times the nearest there.
_NEARER = 0.9


class CollisionsGuard:
    """Watches pairs of atoms that are not bonded.

    Args:
        numbers: atomic numbers, shape (N,).
        reference: Å, shape (M, N, 3): the reference data, or the start geometries alone.
    """

    name = "collisions"
    of_geometry = True

    def __init__(self, numbers: Int[np.ndarray, "N"], reference: Float[np.ndarray, "M N 3"]) -> None:
        self.numbers = numbers
        self.first, self.second = np.nonzero(np.triu(~frequent_bonds(numbers, reference), 1))
        radii = covalent_radii[numbers]
        apart = np.linalg.norm(reference[:, self.first] - reference[:, self.second], axis=-1)
        limit = _NEAR * (radii[self.first] + radii[self.second])
        self.limit = np.minimum(limit, _NEARER * apart.min(axis=0))

    def objections(self, moment: Moment) -> list[str | None]:
        """The pair of each molecule that is nearest, measured by its limit."""
        apart = moment.positions[:, self.first] - moment.positions[:, self.second]
        distances = np.sqrt((apart * apart).sum(axis=-1))
        well = (distances >= self.limit).all(axis=1)
        return [None if fine else self._sentence(row) for row, fine in zip(distances, well, strict=True)]

    def _sentence(self, distances: Float[np.ndarray, "K"]) -> str:
        k = int(np.argmin(distances / self.limit))
        a, b = (f"{chemical_symbols[self.numbers[i]]}{i + 1}" for i in (self.first[k], self.second[k]))
        return (
            f"the atoms {a} and {b}, which are not bonded, are {distances[k]:.2f} Å apart (limit {self.limit[k]:.2f} Å)"
        )
