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

from supple.data.reading.arrays.h5md_box import boxes_of
from supple.data.reading.arrays.h5md_elements import H5mdArray, array_of, mismatch, scalar_observables, series
from supple.data.reading.arrays.h5md_units import unit_in_ase
from supple.data.reading.arrays.open_hdf5 import read_dataset
from supple.data.reading.element_symbols import read_elements
from supple.errors import DataError
from supple.molecule.boxes import Boxes

#: The units that Supple writes, and assumes in files that state none; MDAnalysis does not support eV/Å.
LENGTH_UNIT, ENERGY_UNIT, FORCE_UNIT, VELOCITY_UNIT, TIME_UNIT = (
    "Angstrom", "eV", "kJ mol-1 Angstrom-1", "Angstrom fs-1", "fs",
)  # fmt: skip


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
        boxes: in the unit of the positions; None where they are not periodic.
    """

    numbers: Int[np.ndarray, "N"]
    positions: H5mdArray
    velocities: H5mdArray | None
    forces: H5mdArray | None
    times: H5mdArray | None
    steps: Int[np.ndarray, "M"] | None
    observables: Mapping[str, H5mdArray]
    boxes: Boxes | None

    @property
    def periodic(self) -> bool:
        """Whether the box is periodic in any direction."""
        return self.boxes is not None

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
            belong to the same frames or steps, or a periodic box without edges.
    """
    groups = list(file["particles"])
    if len(groups) != 1:
        raise DataError(
            f"{name} is an H5MD file with {len(groups)} groups of particles; Supple reads files with one: "
            "write the molecule to a file of its own."
        )
    group = file["particles"][groups[0]]
    if "position/value" not in group or "species" not in group:
        raise DataError(
            f"{name} is an H5MD file without positions, or without atomic numbers as species: write it again with both."
        )
    positions = array_of(group["position/value"])
    n_frames = len(positions.values)
    steps, times = (series(group, f"position/{axis}", n_frames) for axis in ("step", "time"))
    for what, axis in (("steps", steps), ("times", times)):
        if axis is not None and len(axis.values) != n_frames:
            raise DataError(f"{name} has {n_frames} frames, but {what} of {len(axis.values)}: copy the file again.")
    elements = {"velocities": group.get("velocity"), "forces": group.get("force")} | scalar_observables(file, groups[0])
    mismatches = {what: mismatch(group["position"], element, n_frames, what) for what, element in elements.items()}
    for what in ("velocities", "forces", "potential_energy"):
        if mismatches.get(what) is not None:
            raise DataError(f"{name}{mismatches[what]}.")
    return H5mdFrames(
        numbers=_numbers(group["species"], name),
        positions=positions,
        velocities=array_of(group["velocity/value"]) if "velocity/value" in group else None,
        forces=array_of(group["force/value"]) if "force/value" in group else None,
        times=times,
        steps=None if steps is None else steps.values.astype(np.int64),
        # programs write some observables at other steps than the positions
        observables={
            what: array_of(element["value"])
            for what, element in elements.items()
            if what not in ("velocities", "forces") and mismatches[what] is None
        },
        boxes=boxes_of(group, positions, LENGTH_UNIT, name),
    )


def _numbers(species: Any, name: str) -> Int[np.ndarray, "N"]:
    """Atomic numbers, shape (N,), from species: an array, or an element of one row for each frame.

    Raises:
        DataError: species change, or are not elements.
    """
    rows = read_dataset(species["value"] if hasattr(species, "keys") else species)
    if rows.ndim == 2 and len(rows):
        changed = np.flatnonzero((rows != rows[0]).any(axis=1))
        if len(changed):
            raise DataError(
                f"{name}: the species of frame {changed[0]} are not those of frame 0; a file must contain one molecule in one "
                "atom order: split the file."
            )
        rows = rows[0]
    if rows.ndim != 1 or rows.dtype.kind == "V":
        raise DataError(f"{name} has species of shape {rows.shape}: write one atomic number for each atom.")
    return read_elements(rows.tolist(), name, " in 'species'")
