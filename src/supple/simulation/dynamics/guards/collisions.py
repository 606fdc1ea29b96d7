"""No two nonbonded atoms come as close to each other as bonded ones."""

from __future__ import annotations

import numpy as np
from ase.data import chemical_symbols, covalent_radii
from jaxtyping import Float, Int

from supple.molecule.bonds import frequent_bonds
from supple.simulation.dynamics.guards.guard import Snapshot

#: Atoms collide when closer than this times the sum of their covalent radii, the length of a bond between them ...
_RADII_FACTOR = 1.0
#: ... or, where the reference data have them closer than that, than this times the smallest distance there.
_REFERENCE_FACTOR = 0.9


class CollisionsGuard:
    """Checks the distances between nonbonded atoms.

    Args:
        numbers: atomic numbers, shape (N,).
        reference: geometries of the reference data, or else initial geometries, Å, shape (M, N, 3).
    """

    name = "collisions"
    checks_geometry = True

    def __init__(self, numbers: Int[np.ndarray, "N"], reference: Float[np.ndarray, "M N 3"]) -> None:
        self.numbers = numbers
        self.first, self.second = np.nonzero(np.triu(~frequent_bonds(numbers, reference), 1))
        radii = covalent_radii[numbers]
        distances = np.linalg.norm(reference[:, self.first] - reference[:, self.second], axis=-1)
        limit = _RADII_FACTOR * (radii[self.first] + radii[self.second])
        self.limit = np.minimum(limit, _REFERENCE_FACTOR * distances.min(axis=0))

    def check(self, snapshot: Snapshot) -> list[str | None]:
        """Of each replica, the pair that is closest relative to its limit."""
        separation = snapshot.positions[:, self.first] - snapshot.positions[:, self.second]
        distances = np.sqrt((separation * separation).sum(axis=-1))
        allowed = (distances >= self.limit).all(axis=1)
        return [None if fine else self._sentence(row) for row, fine in zip(distances, allowed, strict=True)]

    def _sentence(self, distances: Float[np.ndarray, "K"]) -> str:
        k = int(np.argmin(distances / self.limit))
        a, b = (f"{chemical_symbols[self.numbers[i]]}{i + 1}" for i in (self.first[k], self.second[k]))
        return f"the nonbonded atoms {a} and {b} are {distances[k]:.2f} Å apart (limit {self.limit[k]:.2f} Å)"
