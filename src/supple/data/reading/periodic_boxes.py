"""Periodic boxes of files: molecules are made whole, crystals refused. The same for all formats."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from supple.data.reading.defects import DefectHandler
from supple.data.reading.raw_frames import RawFrames
from supple.data.units import Units
from supple.errors import DataError
from supple.molecule.boxes import Boxes, isolated, joined

_FALSE, _TRUE = {"f", "false", ".false.", "0"}, {"t", "true", ".true.", "1"}


def with_whole_molecules(raw: RawFrames) -> RawFrames:
    """The frames with molecules in one piece that the edges of boxes cut; in any unit."""
    if raw.boxes is None or not raw.boxes.any_periodic:
        return raw
    return replace(raw, positions=joined(raw.positions, raw.boxes))


def without_crystals(raw: RawFrames, units: Units, name: str, defects: DefectHandler) -> RawFrames:
    """The frames of isolated molecules.

    Args:
        raw: frames of whole molecules.
        units: of the frames.
        name: of the file.
        defects: the other frames are reported to it.

    Raises:
        DataError: in strict reading, a frame is a crystal or a molecule that touches its periodic images.
    """
    if raw.boxes is None or not raw.boxes.any_periodic:
        return raw
    length = units.length_in_angstrom
    good = isolated(raw.numbers, raw.positions * length, raw.boxes.scaled(length))
    if good.all():
        return raw
    indices = np.arange(len(good)) if raw.frames is None else raw.frames
    bad = indices[~good].tolist()
    error = DataError(
        f"{name}: frame {bad[0]} is a crystal, or a molecule that touches its own periodic images; Supple is for isolated "
        "molecules: use a larger box, or remove the box (pbc) from the file if it means nothing."
    )
    defects.report("periodic", error, bad)
    return replace(
        raw,
        positions=raw.positions[good],
        energies=None if raw.energies is None else raw.energies[good],
        forces=None if raw.forces is None else raw.forces[good],
        frames=indices[good],
        extras={key: values[good] for key, values in raw.extras.items()},
        boxes=raw.boxes.select(good),
    )


@lru_cache(maxsize=8)
def box_of_comment(lattice: str | None, pbc: str | None) -> tuple[tuple[float, ...], tuple[bool, ...]]:
    """The box in the comment of extended xyz: nine numbers, zero if there is none, and three flags, true where not stated.

    Raises:
        DataError: the lattice or the flags are malformed.
    """
    flags = [True] * 3
    if pbc is not None:
        words = pbc.lower().replace(",", " ").split()
        if not set(words) <= _TRUE | _FALSE or len(words) not in (1, 3):
            raise DataError(f"pbc is '{pbc}' instead of three times T or F")
        flags = [word in _TRUE for word in words] * (3 // len(words))
    if lattice is None or not any(flags):
        return (0.0,) * 9, tuple(flags)
    try:
        vectors = tuple(float(word) for word in lattice.replace(",", " ").split())
    except ValueError:
        vectors = ()
    if len(vectors) != 9 or not np.isfinite(vectors).all():
        raise DataError(f"Lattice is '{lattice}' instead of nine numbers")
    return vectors, tuple(flags)


def boxes_of_arrays(
    cell: np.ndarray, pbc: np.ndarray | None, n_frames: int, name: str, *, columns: bool = False
) -> Boxes:
    """Boxes from an array of lengths, or of vectors as rows, for each frame or for all.

    Args:
        cell: shape (3,), (3, 3), (9,), and the same with M in front.
        pbc: flags, shape (), (3,) or (M, 3); all true when None.
        n_frames: M.
        name: of the array and the file, for messages.
        columns: whether the vectors are columns, as in datasets of the sGDML package.

    Raises:
        DataError: the arrays have other shapes.
    """
    try:
        shape = np.shape(cell)
        if shape in ((3,), (n_frames, 3)) and shape != (3, 3):
            vectors = np.asarray(cell, dtype=np.float64)[..., None] * np.eye(3)
        else:
            vectors = np.asarray(cell, dtype=np.float64).reshape(*shape[:-1], 3, 3) if shape[-1:] == (9,) else cell
        vectors = np.broadcast_to(np.asarray(vectors, dtype=np.float64), (n_frames, 3, 3))
        flags = np.broadcast_to(np.ones(3) if pbc is None else pbc, (n_frames, 3))
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{name} has shape {np.shape(cell)}, but a box needs (3, 3), or that for each of {n_frames} frames: correct it."
        ) from error
    return Boxes.of(np.swapaxes(vectors, 1, 2) if columns else vectors, flags)
