"""A molecule that another program moves: joined where the box cuts it, its atoms in the order of the force field.

Both are found at the first geometry and after jumps. While the atoms move in small steps they stay as they are, which
costs next to nothing and keeps energies continuous in reactions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int

from supple.errors import MoleculeError
from supple.models.arrangement import arrange
from supple.molecule.boxes import Boxes, isolated, joined

if TYPE_CHECKING:
    from supple.models.potential import Potential

#: The sum of the squared displacements of all atoms (Å²) below which no two atoms can have changed places.
SMALL = 1.0


class FollowedMolecule:
    """The geometry of one molecule, call after call.

    Args:
        potential: of the molecule.
        numbers: atomic numbers, in the order of the other program.
        name: of that program or its atoms, for messages.
    """

    def __init__(self, potential: Potential, numbers: Int[np.ndarray, "N"], name: str) -> None:
        self.potential, self.numbers, self.name = potential, np.array(numbers, dtype=np.int64), name
        self._order: Int[np.ndarray, "N"] | None = None
        self._last: Float[np.ndarray, "N 3"] | None = None
        self._box: Boxes | None = None
        self._shifts: Float[np.ndarray, "N 3"] | None = None
        self._whole: Float[np.ndarray, "N 3"] | None = None
        self._unlike = False

    def arranged(self, positions: Float[np.ndarray, "N 3"], box: Boxes | None = None) -> Float[np.ndarray, "N 3"]:
        """The geometry for the force field.

        Args:
            positions: as the other program has them, Å.
            box: the periodic box, if there is one, Å.

        Raises:
            MoleculeError: it is another molecule, touches its own periodic images, or was torn by a change of the box.
        """
        if not (_near(positions, self._last) and (self._box is None if box is None else box.equals(self._box))):
            if not np.isfinite(positions).all():  # NaN gives NaN
                return positions
            self._find(positions, box)
        self._last = np.array(positions, dtype=np.float64)
        self._whole = self._last if self._shifts is None else self._last + self._shifts
        return self._whole if self._order is None else self._whole[self._order]

    def returned(self, forces: Float[np.ndarray, "N *C"]) -> Float[np.ndarray, "N *C"]:
        """Forces of the force field, or numbers of its atoms, in the order of the other program."""
        if self._order is None:
            return forces
        out = np.empty_like(forces)
        out[self._order] = forces
        return out

    def _find(self, positions: Float[np.ndarray, "N 3"], box: Boxes | None) -> None:
        """Find how the molecule is joined, and the order of its atoms unless it has only left the box on one side."""
        before, same_box = self._whole, box is None or box.equals(self._box)
        whole = positions
        if box is not None and box.any_periodic:
            whole = _nearest_images(positions, before, box)
            if not _moved_little(whole, before):
                whole = joined(positions[None], box)[0]
            if not (same_box or isolated(self.numbers, whole[None], box)[0]):
                raise MoleculeError(
                    f"{self.name} is a crystal, or a molecule that touches its own periodic images, but the force field "
                    "describes a free molecule: use a larger box, or none."
                )
        if not _moved_little(whole, before):
            arrangement = arrange(self.potential, self.numbers, whole[None], self.name)
            if before is not None and not same_box and arrangement.unlike[0] and not self._unlike:
                raise MoleculeError(
                    f"{self.name} was torn apart when the box changed, because it lay across the edge: move the molecule into "
                    "the middle of the box before the change."
                )
            order = arrangement.orders[0]
            self._order = None if (order == np.arange(len(order))).all() else order
            self._unlike = bool(arrangement.unlike[0])
        self._box, self._shifts = box, None if whole is positions else whole - positions


def _nearest_images(
    positions: Float[np.ndarray, "N 3"], before: Float[np.ndarray, "N 3"] | None, box: Boxes
) -> Float[np.ndarray, "N 3"]:
    """The image of each atom that is nearest to where it was."""
    if before is None or not (box.heights() > 0).all():
        return positions
    vectors = box.vectors[0]
    return positions + np.where(box.periodic[0], np.round((before - positions) @ np.linalg.inv(vectors)), 0.0) @ vectors


def _moved_little(positions: Float[np.ndarray, "N 3"], before: Float[np.ndarray, "N 3"] | None) -> bool:
    """Whether the atoms have moved little with respect to each other."""
    return before is not None and _near(positions - positions.mean(axis=0), before - before.mean(axis=0))


def _near(positions: Float[np.ndarray, "N 3"], before: Float[np.ndarray, "N 3"] | None) -> bool:
    if before is None or before.shape != positions.shape:
        return False
    moved = (positions - before).ravel()
    return bool(moved @ moved < SMALL)
