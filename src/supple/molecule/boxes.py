"""Molecules in periodic boxes: joined where the box cuts them, and told from crystals.

A force field of a free molecule needs it in one piece. An isolated molecule in a box is its own nearest neighbour nowhere: no
atom touches an atom of a periodic image (van der Waals radii: Alvarez, Dalton Trans. 42, 8617 (2013), doi 10.1039/c3dt50599e).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.data.vdw_alvarez import vdw_radii
from ase.geometry import complete_cell, get_distances
from ase.neighborlist import neighbor_list
from jaxtyping import Bool, Float, Int
from numpy.typing import ArrayLike
from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree

#: What arrays of box vectors are called, in small letters.
BOX_NAMES = ("cell", "cells", "lattice", "box")
#: The radius (Å) of elements whose radius is not known.
_RADIUS = 2.0
#: No molecule fits between lattice planes that are closer than this (Å).
_THINNEST = 1.0


@dataclass(frozen=True, eq=False)
class Boxes:
    """The boxes of M frames, in the unit of their positions.

    Attributes:
        vectors: box vectors as rows, shape (M, 3, 3); those that are missing are completed to a right-handed system.
        periodic: along which of them there are images, shape (M, 3); never along a vector that is missing.
    """

    vectors: Float[np.ndarray, "M 3 3"]
    periodic: Bool[np.ndarray, "M 3"]

    @classmethod
    def of(cls, vectors: ArrayLike, periodic: ArrayLike) -> Boxes:
        """Boxes from vectors of shape (M, 3, 3), zero where there is none, and flags of shape (M, 3)."""
        cells = np.array(vectors, dtype=np.float64).reshape(-1, 3, 3)
        exists = np.asarray(cells.any(axis=2) & np.isfinite(cells).all(axis=2))
        cells[~exists.any(axis=1)] = np.eye(3)
        for k in np.flatnonzero(exists.any(axis=1) & ~exists.all(axis=1)):
            cells[k] = complete_cell(np.where(exists[k, :, None], cells[k], 0.0))
        return cls(cells, np.array(periodic, dtype=bool).reshape(-1, 3) & exists)

    @classmethod
    def of_atoms(cls, atoms: Atoms) -> Boxes:
        """The box of `ase.Atoms`, as that of one frame."""
        return cls.of(np.asarray(atoms.cell)[None], atoms.pbc[None])

    def __len__(self) -> int:
        return len(self.vectors)

    def equals(self, other: Boxes | None) -> bool:
        """Whether the boxes are the same, to the last digit."""
        return (
            other is not None
            and np.array_equal(self.vectors, other.vectors)
            and np.array_equal(self.periodic, other.periodic)
        )

    def select(self, indices: Sequence[int] | np.ndarray | slice) -> Boxes:
        """The boxes of these frames."""
        return Boxes(self.vectors[indices], self.periodic[indices])

    def scaled(self, factor: float) -> Boxes:
        """The same in another unit."""
        return Boxes(self.vectors * factor, self.periodic)

    @property
    def any_periodic(self) -> bool:
        """Whether any frame has periodic images."""
        return bool(self.periodic.any())

    def heights(self) -> Float[np.ndarray, "M 3"]:
        """Distances of the lattice planes; 0 where the box has no volume."""
        volumes = np.abs(np.linalg.det(self.vectors))
        faces = np.cross(self.vectors[:, [1, 2, 0]], self.vectors[:, [2, 0, 1]])
        areas = np.linalg.norm(faces, axis=2)
        return np.divide(volumes[:, None], areas, out=np.zeros_like(areas), where=areas > 0)


def joined(positions: Float[np.ndarray, "M N 3"], boxes: Boxes) -> Float[np.ndarray, "M N 3"]:
    """The positions of whole molecules: each atom beside its nearest neighbour, be it in the box or in an image.

    Atom 0 stays where it is. The parts of a complex, which no bonds join, are joined by the nearest images, too. Frames
    with NaN, or with a box that has no volume, stay as they are.

    Args:
        positions: in the unit of the boxes.
        boxes: of the M frames.
    """
    possible = np.isfinite(positions).all(axis=(1, 2)) & boxes.periodic.any(axis=1)
    possible &= (boxes.heights() > 0).all(axis=1)
    if positions.shape[1] < 2 or not possible.any():
        return positions
    cut = np.flatnonzero(possible)
    cut = cut[_gaps(positions[cut], boxes.select(cut)) < _diameters(positions[cut])]
    whole = np.array(positions)
    for k in cut:
        whole[k] = _joined(positions[k], boxes.vectors[k], boxes.periodic[k])
    return whole


def isolated(
    numbers: Int[np.ndarray, "N"], positions: Float[np.ndarray, "M N 3"], boxes: Boxes
) -> Bool[np.ndarray, "M"]:
    """Which frames hold an isolated molecule: none of its atoms touches a periodic image, as in crystals and tight boxes.

    Args:
        numbers: atomic numbers, shape (N,).
        positions: of whole molecules, Å.
        boxes: of the M frames, Å.
    """
    radii = np.nan_to_num(vdw_radii[numbers], nan=_RADIUS)
    apart = np.ones(len(positions), dtype=bool)
    thin = (np.where(boxes.periodic, boxes.heights(), np.inf) < _THINNEST).any(axis=1)
    apart[thin] = False
    near = np.flatnonzero(apart & np.isfinite(positions).all(axis=(1, 2)) & boxes.periodic.any(axis=1))
    near = near[_gaps(positions[near], boxes.select(near)) < 2 * radii.max(initial=0.0)]
    for k in near:
        atoms = Atoms(numbers, positions[k], cell=boxes.vectors[k], pbc=boxes.periodic[k])
        apart[k] = not neighbor_list("S", atoms, radii).any()
    return apart


def _joined(
    positions: Float[np.ndarray, "N 3"], vectors: Float[np.ndarray, "3 3"], periodic: Bool[np.ndarray, "3"]
) -> Float[np.ndarray, "N 3"]:
    vectors_between, distances = get_distances(positions, cell=vectors, pbc=periodic)
    # a distance of 0 would be no edge; that of an atom from itself is none
    tree = minimum_spanning_tree(np.maximum(distances, 1e-9) * (1 - np.eye(len(positions))))
    order, parents = breadth_first_order(tree, 0, directed=False)
    whole = np.array(positions)
    for atom in order[1:]:
        whole[atom] = whole[parents[atom]] + vectors_between[parents[atom], atom]
    return whole


def _gaps(positions: Float[np.ndarray, "M N 3"], boxes: Boxes) -> Float[np.ndarray, "M"]:
    """A lower limit of the distance between each molecule, as it lies there, and its images."""
    if not len(positions):
        return np.empty(0)
    places = positions @ np.linalg.inv(boxes.vectors)
    free = (1 - np.ptp(places, axis=1)) * boxes.heights()
    return np.asarray(np.where(boxes.periodic, free, np.inf).min(axis=1))


def _diameters(positions: Float[np.ndarray, "M N 3"]) -> Float[np.ndarray, "M"]:
    """An upper limit of the distances within each molecule."""
    return np.asarray(np.linalg.norm(np.ptp(positions, axis=1), axis=1))
