"""Connectivity: what distinguishes the atoms of a molecule in its frames, bonds and the handedness of their neighbours.

A force field knows an atom by its place in the list, so a geometry whose equal atoms are exchanged is another geometry to it.
The connectivity of the training frames shows whether that is so.
"""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from pydantic import BaseModel, ConfigDict, model_validator

from supple.molecule.bonds import (
    BOND_FACTOR,
    BOND_FRACTION,
    atom_pairs,
    graph_of_pairs,
    pair_distances,
    relative_distances,
)
from supple.molecule.symmetry.handedness import find_handedness, triple_products

#: A bond that is there at all times may be stretched to this times the sum of the covalent radii; atoms that share a neighbour
#: are farther from each other.
STRETCHED = 1.45
#: A centre whose neighbours' triple product is smaller than this on average is flat, and a vibration inverts it.
_PYRAMIDAL = 0.35
#: A triple product of the wrong sign counts from this size on: in frames, single bonds may bend a little too far.
CLEARLY = 0.2
#: Frames that are compared at a time.
_CHUNK = 1000


class Comparison(NamedTuple):
    """What is different in each of M geometries.

    Attributes:
        broken: a lasting bond is missing.
        formed: there is a bond that is not frequent.
        mixed: some centres have the handedness of the frames, and some the opposite one.
    """

    broken: Bool[np.ndarray, "M"]
    formed: Bool[np.ndarray, "M"]
    mixed: Bool[np.ndarray, "M"]

    @property
    def exchanged(self) -> Bool[np.ndarray, "M"]:
        """Which geometries may have their atoms in another order; stretched bonds, or close contacts, alone do not show it."""
        return (self.broken & self.formed) | self.mixed

    @property
    def unlike(self) -> Bool[np.ndarray, "M"]:
        """Which geometries differ at all."""
        return self.broken | self.formed | self.mixed


class Connectivity(BaseModel):
    """The bonds of a molecule as its frames show them; where bonds change, they may be many graphs.

    Attributes:
        n_atoms: N.
        lasting: the pairs of atoms that are bonded, if perhaps stretched, in 95 % of the frames at least.
        frequent: the pairs that are bonded in 5 % of the frames at least.
        handed: a centre, three of its neighbours, and the sign of their triple product, where the frames agree on it.
    """

    model_config = ConfigDict(frozen=True)

    n_atoms: int
    lasting: tuple[tuple[int, int], ...]
    frequent: tuple[tuple[int, int], ...]
    handed: tuple[tuple[int, int, int, int, int], ...]

    @model_validator(mode="after")
    def _names_atoms(self) -> Connectivity:
        atoms = [atom for pair in (*self.lasting, *self.frequent) for atom in pair]
        atoms += [atom for centre in self.handed for atom in centre[:4]]
        if not all(0 <= atom < self.n_atoms for atom in atoms):
            raise ValueError("a bond is between atoms that do not exist")
        return self

    @classmethod
    def of(cls, numbers: Int[np.ndarray, "N"], positions: Float[np.ndarray, "M N 3"]) -> Connectivity:
        """The connectivity of frames, positions in Å."""
        i, j = atom_pairs(len(numbers))
        distances = relative_distances(numbers, pair_distances(positions))

        def pairs(chosen: Bool[np.ndarray, "D"]) -> tuple[tuple[int, int], ...]:
            return tuple(zip(i[chosen].tolist(), j[chosen].tolist(), strict=True))

        often = (distances < BOND_FACTOR).mean(axis=0) >= BOND_FRACTION
        centres = find_handedness(graph_of_pairs(numbers, often), positions)
        trios = np.array(list(centres), dtype=np.int64).reshape(-1, 4)
        pyramidal = np.abs(triple_products(positions, trios).mean(axis=0)) > _PYRAMIDAL
        return cls(
            n_atoms=len(numbers),
            lasting=pairs((distances < STRETCHED).mean(axis=0) >= 1 - BOND_FRACTION),
            frequent=pairs(often),
            handed=tuple((*trio, centres[trio]) for trio in map(tuple, trios[pyramidal].tolist())),
        )

    def compare(self, numbers: Int[np.ndarray, "N"], positions: Float[np.ndarray, "M N 3"]) -> Comparison:
        """Compare geometries, in Å, with the frames."""
        parts = [
            self._compare(numbers, positions[start : start + _CHUNK]) for start in range(0, len(positions) or 1, _CHUNK)
        ]
        return Comparison(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))

    def _compare(self, numbers: Int[np.ndarray, "N"], positions: Float[np.ndarray, "M N 3"]) -> Comparison:
        distances = relative_distances(numbers, pair_distances(positions))
        signs = triple_products(positions, self._trios) * self._signs
        return Comparison(
            broken=np.asarray((distances[:, self._lasting] > STRETCHED).any(axis=1)),
            formed=np.asarray((distances[:, ~self._frequent] < BOND_FACTOR).any(axis=1)),
            mixed=(signs > CLEARLY).any(axis=1) & (signs < -CLEARLY).any(axis=1),
        )

    @cached_property
    def _lasting(self) -> Bool[np.ndarray, "D"]:
        return _mask(self.lasting, self.n_atoms)

    @cached_property
    def _frequent(self) -> Bool[np.ndarray, "D"]:
        return _mask(self.frequent, self.n_atoms)

    @cached_property
    def _trios(self) -> Int[np.ndarray, "H 4"]:
        return np.array(self.handed, dtype=np.int64).reshape(-1, 5)[:, :4]

    @cached_property
    def _signs(self) -> Int[np.ndarray, "H"]:
        return np.array(self.handed, dtype=np.int64).reshape(-1, 5)[:, 4]


def _mask(pairs: tuple[tuple[int, int], ...], n_atoms: int) -> Bool[np.ndarray, "D"]:
    matrix = np.zeros((n_atoms, n_atoms), dtype=bool)
    for i, j in pairs:
        matrix[i, j] = matrix[j, i] = True
    return matrix[atom_pairs(n_atoms)]
