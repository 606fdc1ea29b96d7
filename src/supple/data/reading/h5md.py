"""H5MD trajectories, as `supple md` and MDAnalysis write them: where an open file has what, for data and trajectories.

de Buyl, Colberg and Höfling, Comput. Phys. Commun. 185, 1546 (2014), doi 10.1016/j.cpc.2014.01.018.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ase.units
import numpy as np
from ase.data import atomic_masses
from jaxtyping import Float, Int

from supple.data.reading.h5md_units import unit_in_ase
from supple.data.reading.infer_keys import no_forces
from supple.data.reading.open_hdf5 import as_unicode
from supple.data.reading.periodic_boxes import boxes_of_arrays
from supple.data.reading.raw_frames import RawFrames, StatedUnits
from supple.data.reading.read_request import ReadRequest
from supple.errors import DataError
from supple.molecule.boxes import Boxes

#: The units that Supple writes, and assumes in files that state none; MDAnalysis does not support eV/Å.
LENGTH_UNIT, ENERGY_UNIT, FORCE_UNIT, VELOCITY_UNIT, TIME_UNIT = (
    "Angstrom", "eV", "kJ mol-1 Angstrom-1", "Angstrom fs-1", "fs",
)  # fmt: skip
#: H5MD's spelling -> Supple's.
_LENGTHS = {"Angstrom": "Å", "angstrom": "Å", "nm": "nm", "bohr": "bohr"}
_ENERGIES = {"eV": "eV", "kJ mol-1": "kJ/mol", "kcal mol-1": "kcal/mol"}
_FORCES = {
    f"{energy} {length}-1": f"{ours}/Å" for energy, ours in _ENERGIES.items() for length in ("Angstrom", "angstrom")
}


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


@dataclass(frozen=True, eq=False)
class H5mdFrames:
    """The only group of particles of an H5MD file; every array but positions is None if the file has none.

    Attributes:
        numbers: atomic numbers, shape (N,).
        positions, velocities, forces: shape (M, N, 3).
        times: shape (M,).
        steps: shape (M,).
        observables: numbers of each frame, shape (M,), by name: `potential_energy`, and in files that Supple wrote
            `conserved_eV`, `temperature_K` and others.
        periodic: whether the box is periodic in any direction.
        boxes: in the unit of the positions; None if there are none, or none is periodic.
    """

    numbers: Int[np.ndarray, "N"]
    positions: H5mdArray
    velocities: H5mdArray | None
    forces: H5mdArray | None
    times: H5mdArray | None
    steps: Int[np.ndarray, "M"] | None
    observables: Mapping[str, H5mdArray]
    periodic: bool
    boxes: Boxes | None = None

    def momenta(self, name: str) -> Float[np.ndarray, "M N 3"] | None:
        """Momenta in ASE's unit, √(eV u), with standard atomic masses.

        Args:
            name: of the file, for the error message.

        Raises:
            UnitsError: the unit of the velocities is unknown.
        """
        if self.velocities is None:
            return None
        return self.velocities.in_ase_units(VELOCITY_UNIT, name) * atomic_masses[self.numbers][:, None]

    def times_in_fs(self, name: str) -> Float[np.ndarray, "M"] | None:
        """Times in fs.

        Args:
            name: of the file, for the error message.

        Raises:
            UnitsError: the unit of the times is unknown.
        """
        if self.times is None:
            return None
        return self.times.values * (unit_in_ase(self.times.unit or TIME_UNIT, name) / ase.units.fs)  # exactly, from fs


def is_h5md(file: Any) -> bool:
    """Whether an open HDF5 file is an H5MD file."""
    return "h5md" in file and "particles" in file


def read_h5md(file: Any, name: str) -> H5mdFrames:
    """All frames of an open H5MD file, in its own units.

    Args:
        file: an `h5py.File`.
        name: of the file, for error messages.

    Raises:
        DataError: the file has several groups of particles, no positions, no atomic numbers, or arrays that do not
            belong to the same frames.
    """
    groups = list(file["particles"])
    if len(groups) != 1:
        raise DataError(
            f"{name} is an H5MD file with {len(groups)} groups of particles; Supple reads files with one: "
            "write the molecule to a file of its own."
        )
    group = file["particles"][groups[0]]
    if "position/value" not in group or "species" not in group or group["species"].dtype.kind not in "iu":
        raise DataError(
            f"{name} is an H5MD file without positions, or without atomic numbers as species: write it again with both."
        )
    positions = _array(group["position/value"])
    n_frames = len(positions.values)
    steps = _series(group, "position/step", n_frames)
    observables = file.get(f"observables/{groups[0]}", {})
    found = H5mdFrames(
        numbers=np.array(group["species"], dtype=np.int64),
        positions=positions,
        velocities=_array(group["velocity/value"]) if "velocity/value" in group else None,
        forces=_array(group["force/value"]) if "force/value" in group else None,
        times=_series(group, "position/time", n_frames),
        steps=None if steps is None else steps.values.astype(np.int64),
        observables={key: _array(element["value"]) for key, element in observables.items() if _is_scalar(element)},
        periodic=_is_periodic(group),
        boxes=_boxes(group, positions, name),
    )
    arrays = {"velocities": found.velocities, "forces": found.forces, "times": found.times, **found.observables}
    for what, array in arrays.items():
        if array is not None and len(array.values) != n_frames:
            raise DataError(f"{name} has {n_frames} frames, but {what} of {len(array.values)}: copy the file again.")
    return found


def raw_from_h5md(file: Any, name: str, request: ReadRequest) -> RawFrames:
    """The frames of an open H5MD file as data; momenta, times in fs and further observables are extras.

    Raises:
        DataError: as `read_h5md`, or there are no forces although they are required.
        UnitsError: a unit is unknown.
    """
    frames = read_h5md(file, name)
    forces = frames.forces if request.wants_labels else None
    if request.requires_labels and forces is None:
        raise no_forces(name, [])
    energies = frames.observables.get("potential_energy") if request.wants_labels else None
    return RawFrames(
        numbers=frames.numbers,
        positions=frames.positions.values,
        energies=None if energies is None else energies.values,
        forces=None if forces is None else forces.values,
        stated=StatedUnits(
            energy=None if energies is None else _supple_unit(energies, _ENERGIES, name),
            length=_supple_unit(frames.positions, _LENGTHS, name),
            forces=None if forces is None else _supple_unit(forces, _FORCES, name),
        ),
        extras=_extras(frames, name) if request.wants_labels else {},
        boxes=frames.boxes,
    )


def _extras(frames: H5mdFrames, name: str) -> dict[str, np.ndarray]:
    """What trajectories in extended xyz say under the same names."""
    extras = {key: array.values for key, array in frames.observables.items() if key != "potential_energy"}
    more = {"momenta": frames.momenta(name), "time_fs": frames.times_in_fs(name), "step": frames.steps}
    return extras | {key: values for key, values in more.items() if values is not None}


def _array(array: Any) -> H5mdArray:
    unit = array.attrs.get("unit")
    return H5mdArray(np.array(array, dtype=np.float64), None if unit is None else as_unicode(unit))


def _series(group: Any, name: str, n_frames: int) -> H5mdArray | None:
    """Steps or times: one for each frame, or the interval between frames, and the first in the attribute `offset`."""
    if name not in group:
        return None
    array = _array(group[name])
    if array.values.ndim:
        return array
    first = float(group[name].attrs.get("offset", 0.0))
    return H5mdArray(first + float(array.values) * np.arange(n_frames), array.unit)


def _is_scalar(element: Any) -> bool:
    """Whether an observable is one number for each frame."""
    return "value" in element and element["value"].ndim == 1 and element["value"].dtype.kind in "fiu"


def _boundary(group: Any) -> list[bool]:
    """Which directions of the box are periodic."""
    boundary = group["box"].attrs.get("boundary", []) if "box" in group else []
    return [side in (b"periodic", "periodic") for side in np.atleast_1d(boundary)]


def _is_periodic(group: Any) -> bool:
    return any(_boundary(group))


def _boxes(group: Any, positions: H5mdArray, name: str) -> Boxes | None:
    """The edges of the box, fixed or of each frame: lengths, or vectors as rows."""
    if not _is_periodic(group) or "edges" not in group["box"]:
        return None
    edges = group["box/edges"]
    array = _array(edges["value"] if hasattr(edges, "keys") else edges)
    if array.unit is not None and array.unit != positions.unit:
        factor = unit_in_ase(array.unit, name) / unit_in_ase(positions.unit or LENGTH_UNIT, name)
        array = H5mdArray(array.values * factor, positions.unit)
    flags = np.array(_boundary(group))
    return boxes_of_arrays(array.values, flags, len(positions.values), f"{name}: the box")


def _supple_unit(array: H5mdArray, spellings: dict[str, str], name: str) -> str | None:
    """The unit that an array states, in Supple's spelling."""
    if array.unit is None:
        return None
    if array.unit not in spellings:
        raise DataError(
            f"{name} is in {array.unit}, a unit that Supple does not support in H5MD files: convert it to one of {', '.join(spellings)}."
        )
    return spellings[array.unit]
