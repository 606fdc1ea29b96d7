"""The axes of a map of errors: the two coordinates that vary most in the data.

They are the two torsions that vary most. About a double bond between nitrogen atoms, as in azobenzene, a molecule can also
invert: there the second coordinate is the wider of the two angles at that bond (CNN against CNNC; doi 10.1063/5.0038516).
Where a single torsion varies, the second coordinate is the adjacent angle that varies most.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase.data import chemical_symbols
from jaxtyping import Float

from supple.data.dataset import Dataset
from supple.molecule.bonds import bond_angles
from supple.molecule.torsion_symmetry import torsion_symmetries
from supple.molecule.torsions import Torsion, rotatable_torsions, torsion_angles

#: Degrees; a torsion that varies by less counts as rigid.
_MINIMUM_RANGE = 30.0
_NITROGEN = 7


@dataclass(frozen=True, eq=False)
class Coordinate:
    """One coordinate of every frame.

    Attributes:
        label: for an axis, with the unit.
        values: in degrees, shape (M,).
    """

    label: str
    values: Float[np.ndarray, "M"]


def map_axes(dataset: Dataset) -> tuple[Coordinate, Coordinate] | None:
    """Two coordinates of every frame; None for a molecule without a flexible torsion.

    Where a reflection takes the molecule to itself, the first torsion of every frame is between 0 and 180°.
    """
    torsions = rotatable_torsions(dataset.numbers, dataset.positions)
    angles = torsion_angles(dataset.positions, torsions)
    symmetries = torsion_symmetries(dataset.numbers, dataset.positions, torsions)
    widths = np.array([_width(angles[:, t], torsion) for t, torsion in enumerate(torsions)])
    moving = [int(t) for t in np.argsort(-widths, kind="stable") if widths[t] >= _MINIMUM_RANGE]
    if not moving:
        return None
    inverting = [t for t in moving if all(dataset.numbers[i] == _NITROGEN for i in torsions[t].bond)]
    main = (inverting or moving)[0]
    others = [t for t in moving if t != main]
    with_bend = bool(inverting) or not others
    shown = [main] if with_bend else [main, others[0]]
    if any(all(symmetry.mirrors(t) for t in shown) for symmetry in symmetries):
        angles = np.where(angles[:, [main]] < 0, -1.0, 1.0) * angles
    first, *second = (Coordinate(f"torsion {torsions[t]} (°)", angles[:, t]) for t in shown)
    return first, second[0] if second else _bend(dataset, torsions[main])


def _width(angles: Float[np.ndarray, "M"], torsion: Torsion) -> float:
    """Width in degrees of the smallest arc that contains 90 % of the angles."""
    sorted_ = np.sort(angles)
    n = len(sorted_)
    k = int(0.9 * (n - 1))
    around = np.concatenate([sorted_, sorted_ + torsion.period])
    return float((around[k : k + n] - around[:n]).min())


def _bend(dataset: Dataset, torsion: Torsion) -> Coordinate:
    """The wider of the two angles next to a torsion; where they differ in their elements, the angle that varies more."""
    i, j, k, l = torsion.atoms  # noqa: E741 (the usual names of a torsion's atoms)
    left, right = bond_angles(dataset.positions, [(i, j, k), (j, k, l)]).T
    names = ["".join(chemical_symbols[dataset.numbers[a]] for a in atoms) for atoms in ((i, j, k), (l, k, j))]
    if names[0] == names[1]:
        return Coordinate(f"wider angle {names[0]} (°)", np.maximum(left, right))
    (name, values) = max(zip(names, (left, right), strict=True), key=lambda one: float(np.ptp(one[1])))
    return Coordinate(f"angle {name} (°)", values)
