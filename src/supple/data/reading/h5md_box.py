"""The periodic box of an H5MD file: a molecule that its edge cuts is made whole."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from supple.data.reading.frames import frame_of_atoms
from supple.data.reading.open_hdf5 import read_dataset
from supple.errors import DataError


def box_of(group: Any, n_frames: int, name: str) -> Float[np.ndarray, "M 3 3"] | None:
    """The vectors of the box in each frame, in the file's unit, zero in directions that are not periodic; None if none is.

    Args:
        group: of particles.
        n_frames: number of frames of positions.
        name: of the file, for the error message.

    Raises:
        DataError: the box is periodic, but has no edges, or those of another number of frames.
    """
    box = group.get("box")
    boundary = [] if box is None else [side in (b"periodic", "periodic") for side in box.attrs.get("boundary", [])]
    if box is None or not any(boundary):
        return None
    edges = box.get("edges")
    values = (
        None if edges is None else read_dataset(edges["value"] if hasattr(edges, "keys") else edges).astype(np.float64)
    )
    if values is not None and values.shape[-1:] == (3,):
        # (3,) or (frames, 3) for rectangular boxes, (3, 3) or (frames, 3, 3) for others
        by_frame = edges is not None and hasattr(edges, "keys")
        vectors = values if values.ndim - by_frame == 2 else values[..., None] * np.eye(3)
        if vectors.shape in ((3, 3), (n_frames, 3, 3)):
            return np.array(np.broadcast_to(vectors, (n_frames, 3, 3))) * np.array(boundary)[:, None]
    raise DataError(
        f"{name} has a periodic box without edges for its {n_frames} frames, so that a molecule that the box cuts cannot be made "
        "whole: write the edges, or whole molecules in a box that is not periodic."
    )


def whole_molecules(
    numbers: Int[np.ndarray, "N"], positions: Float[np.ndarray, "M N 3"], box: Float[np.ndarray, "M 3 3"]
) -> tuple[Float[np.ndarray, "M N 3"], Bool[np.ndarray, "M"]]:
    """Positions of whole molecules, and which frames are crystals, or molecules bonded to their own periodic images.

    Args:
        numbers: atomic numbers.
        positions: Å.
        box: Å, as `box_of` gives it.
    """
    from ase import Atoms

    frames = [
        frame_of_atoms(Atoms(numbers, r, cell=cell, pbc=cell.any(axis=1)), None, None, {})
        for r, cell in zip(positions, box, strict=True)
    ]
    bonded = [frame.problem == "periodic" for frame in frames]
    return np.array([frame.positions for frame in frames]), np.array(bonded, dtype=bool)
