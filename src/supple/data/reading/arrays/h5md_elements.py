"""Elements of H5MD files: arrays over the frames, with the steps and times at which they were written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from supple.data.reading.arrays.h5md_units import unit_in_ase
from supple.data.reading.arrays.open_hdf5 import as_unicode, read_dataset


@dataclass(frozen=True, eq=False)
class H5mdArray:
    """An array of an H5MD file.

    Attributes:
        values: in the file's unit; the first axis is over frames.
        unit: as the file spells it; None if it states none.
    """

    values: np.ndarray
    unit: str | None

    def in_ase_units(self, default: str, name: str) -> np.ndarray:
        """The values in ASE's units (Å, eV, √(eV/u)).

        Args:
            default: the unit of a file that states none.
            name: of the file, for the error message.

        Raises:
            UnitsError: the unit is unknown.
        """
        return self.values * unit_in_ase(self.unit or default, name)


def scalar_observables(file: Any, group: str) -> dict[str, Any]:
    """The observables that are one number for each frame, of the whole file and of this group of particles."""
    return {
        key: element
        for place in ("observables", f"observables/{group}")
        for key, element in file.get(place, {}).items()
        if _is_scalar(element)
    }


def mismatch(positions: Any, element: Any, n_frames: int, what: str) -> str | None:
    """In what an element is not of the frames of the positions, as the end of a sentence; None if it is, or is not there."""
    if element is None or "value" not in element:
        return None
    if len(element["value"]) != n_frames:
        return f" has {n_frames} frames, but {what} of {len(element['value'])}: copy the file again"
    for axis in ("step", "time"):
        ours, theirs = series(positions, axis, n_frames), series(element, axis, n_frames)
        if ours is None or theirs is None:
            continue
        if len(theirs.values) != n_frames:
            return f" has {n_frames} frames, but {len(theirs.values)} {axis}s of {what}: copy the file again"
        differ = np.flatnonzero(~np.isclose(ours.values, theirs.values, rtol=1e-9, atol=1e-9))
        if len(differ):
            m = int(differ[0])
            return (
                f": frame {m} has positions of {axis} {ours.values[m]:g}, but {what} of {axis} {theirs.values[m]:g}; write both "
                "at the same steps"
            )
        return None
    return None


def series(group: Any, name: str, n_frames: int) -> H5mdArray | None:
    """Steps or times: one for each frame, or the interval between frames, and the first in the attribute `offset`."""
    if name not in group:
        return None
    array = array_of(group[name])
    if array.values.ndim:
        return array
    first = float(group[name].attrs.get("offset", 0.0))
    return H5mdArray(first + float(array.values) * np.arange(n_frames), array.unit)


def array_of(array: Any) -> H5mdArray:
    """The numbers of an array, and the unit that it states."""
    unit = array.attrs.get("unit")
    return H5mdArray(read_dataset(array).astype(np.float64), None if unit is None else as_unicode(unit))


def _is_scalar(element: Any) -> bool:
    """Whether an observable is one number for each frame."""
    if not hasattr(element, "keys") or "value" not in element:
        return False
    return element["value"].ndim == 1 and element["value"].dtype.kind in "fiu"
