"""The periodic box of an H5MD file."""

from __future__ import annotations

from typing import Any

import numpy as np

from supple.data.reading.arrays.h5md_elements import H5mdArray, array_of
from supple.data.reading.arrays.h5md_units import unit_in_ase
from supple.data.reading.periodic_boxes import boxes_of_arrays
from supple.errors import DataError
from supple.molecule.boxes import Boxes


def boxes_of(group: Any, positions: H5mdArray, length_unit: str, name: str) -> Boxes | None:
    """The boxes of the frames, in the unit of the positions; None if they are not periodic.

    Args:
        group: of particles.
        positions: of the frames.
        length_unit: of a file that states none.
        name: of the file, for the error message.

    Raises:
        DataError: the box is periodic, but has no edges, or those of another number of frames.
    """
    box = group.get("box")
    boundary = () if box is None else np.atleast_1d(box.attrs.get("boundary", [])).tolist()
    flags = np.array([side in (b"periodic", "periodic") for side in boundary])
    if box is None or not flags.any():
        return None
    n_frames = len(positions.values)
    if "edges" not in box:
        raise DataError(
            f"{name} has a periodic box without edges, so that a molecule that the box cuts cannot be made whole: write the "
            "edges, or whole molecules in a box that is not periodic."
        )
    edges = array_of(box["edges"]["value"] if hasattr(box["edges"], "keys") else box["edges"])
    values = edges.values
    if edges.unit is not None and edges.unit != positions.unit:
        values = values * (unit_in_ase(edges.unit, name) / unit_in_ase(positions.unit or length_unit, name))
    return boxes_of_arrays(values, flags, n_frames, f"{name}: the box")
