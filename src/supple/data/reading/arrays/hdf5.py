"""HDF5: a group for each molecule, as SPICE stores them, or arrays at the top.

Eastman et al., Sci. Data 10, 11 (2023), doi 10.1038/s41597-022-01882-6: conformations in bohr, total energies in hartree,
gradients (minus the forces) in hartree/bohr.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from supple.data.reading.arrays.array_names import find_names
from supple.data.reading.arrays.array_store import ArrayStore
from supple.data.reading.arrays.h5md import is_h5md
from supple.data.reading.arrays.h5md_data import raw_from_h5md
from supple.data.reading.arrays.named_arrays import raw_from_arrays
from supple.data.reading.arrays.open_hdf5 import as_unicode, open_hdf5, read_dataset
from supple.data.reading.keys import Keys
from supple.data.reading.raw_frames import RawFrames, StatedUnits
from supple.data.reading.read_request import ReadRequest
from supple.errors import DataError

_SHOWN = 10


def load(path: Path, request: ReadRequest) -> RawFrames:
    """Read one molecule.

    Raises:
        DataError: the file is damaged, the molecule is not in it, or none was chosen of several; h5py is not installed.
    """
    with open_hdf5(path) as file:
        if is_h5md(file):
            return raw_from_h5md(file, path.name, request)
        return _raw(_molecule(file, request.molecule, path.name), path.name, request)


def _molecule(file: Any, molecule: str | None, name: str) -> Any:
    """The group of the molecule that is wanted; the file itself if its arrays are at the top."""
    import h5py

    if molecule is not None and file.get(molecule, getclass=True) is h5py.Group:
        return file[molecule]
    groups = [key for key in file if file.get(key, getclass=True) is h5py.Group]
    if molecule is not None:
        raise DataError(f"{name} has no molecule '{molecule}': choose one of {_list(groups)}.")
    if len(groups) == len(file) == 1:
        return file[groups[0]]
    if groups and len(groups) == len(file):
        raise DataError(f"{name} has {len(groups)} molecules ({_list(groups)}): choose one with --molecule NAME.")
    return file


def _list(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f", ... ({len(names)} in all)" if len(names) > _SHOWN else "") or "none"


def _raw(group: Any, name: str, request: ReadRequest) -> RawFrames:
    store = _Group(group)
    about = {} if group.name == "/" else {"name": group.name.strip("/")}
    if "conformations" not in store.names:
        raw = raw_from_arrays(store, name, request)
        return replace(raw, about={**about, **raw.about, **store.texts})
    names = find_names(store, request, name)
    energy, forces = names.labels.energy, names.labels.forces
    keys = Keys(names.numbers, names.positions, energy, forces, without_energy=energy is None)
    raw = raw_from_arrays(store, name, replace(request, keys=keys, molecule=None))
    stated = StatedUnits(
        energy=(store.unit(energy.name) if energy else None) or "hartree",
        length=store.unit(names.positions.name) or "bohr",
        forces=store.unit(forces.name) if forces else None,
    )
    return replace(raw, stated=stated, convention=None, about={**about, **raw.about, **store.texts})


class _Group(ArrayStore):
    """The arrays of a group; single texts are kept apart."""

    def __init__(self, group: Any) -> None:
        import h5py

        self.group = group
        self.names = [key for key in group if isinstance(group[key], h5py.Dataset)]
        self.texts = {
            key: as_unicode(read_dataset(group[key]).reshape(-1)[0])
            for key in self.names
            if group[key].dtype.kind == "O" and group[key].size == 1
        }

    def array(self, name: str) -> np.ndarray:
        """One of them; text becomes unicode."""
        values = read_dataset(self.group[name])
        if values.dtype.kind == "O":
            return np.array([as_unicode(value) for value in values.ravel()]).reshape(values.shape)
        return values

    def unit(self, name: str) -> str | None:
        """The unit that an array states."""
        unit = self.group[name].attrs.get("units") if name in self.names else None
        return None if unit is None else as_unicode(unit)
