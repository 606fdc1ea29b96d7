"""HDF5: a group for each molecule, as SPICE stores them, or arrays at the top.

Eastman et al., Sci. Data 10, 11 (2023), doi 10.1038/s41597-022-01882-6: conformations in bohr, total energies in hartree,
gradients (minus the forces) in hartree/bohr.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from supple.data.reading.h5md import is_h5md, raw_from_h5md
from supple.data.reading.keys import Key, Keys
from supple.data.reading.named_arrays import Store, raw_from_arrays
from supple.data.reading.open_hdf5 import open_hdf5
from supple.data.reading.raw_frames import RawFrames, StatedUnits
from supple.data.reading.read_request import ReadRequest
from supple.errors import DataError

_SPICE = Keys(Key("atomic_numbers"), Key("conformations"), Key("dft_total_energy"), Key("dft_total_gradient", -1.0))
_SHOWN = 10


def load(path: Path, request: ReadRequest) -> RawFrames:
    """Read one molecule.

    Raises:
        DataError: the file is damaged, the molecule is not in it, or none was chosen of several; h5py is not installed.
    """
    with open_hdf5(path) as file:
        if is_h5md(file):
            return raw_from_h5md(file, path.name, request)
        return _raw(_group(file, request.molecule, path.name), path.name, request)


def _group(file: Any, molecule: str | None, name: str) -> Any:
    """The group of the molecule that is wanted; the file itself where its arrays lie at the top."""
    import h5py

    if molecule is not None and file.get(molecule, getclass=True) is h5py.Group:
        return file[molecule]
    groups = [key for key in file if file.get(key, getclass=True) is h5py.Group]
    if molecule is not None:
        raise DataError(f"{name} has no molecule '{molecule}'; it has {_some(groups)}.")
    if len(groups) == len(file) == 1:
        return file[groups[0]]
    if groups and len(groups) == len(file):
        raise DataError(f"{name} has {len(groups)} molecules ({_some(groups)}): choose one with --molecule NAME.")
    return file


def _some(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f", ... ({len(names)} in all)" if len(names) > _SHOWN else "") or "none"


def _raw(group: Any, name: str, request: ReadRequest) -> RawFrames:
    store = _Group(group)
    called = {} if group.name == "/" else {"name": group.name.strip("/")}
    if "conformations" not in store.members:
        raw = raw_from_arrays(store, name, request)
        return replace(raw, about={**called, **raw.about, **store.texts})
    said = request.keys
    keys = Keys(
        said.numbers or _SPICE.numbers, said.positions or _SPICE.positions, said.energy or _optional(store, _SPICE.energy),
        said.forces or _SPICE.forces,
    )  # fmt: skip
    raw = raw_from_arrays(store, name, replace(request, keys=keys, molecule=None))
    energy = store.unit(keys.energy.name) if keys.energy else None
    forces = store.unit(keys.forces.name) if keys.forces else None
    stated = StatedUnits(energy or "hartree", store.unit("conformations") or "bohr", forces)
    return replace(raw, stated=stated, convention=None, about={**called, **raw.about, **store.texts})


def _optional(store: _Group, key: Key | None) -> Key | None:
    return key if key is not None and key.name in store.members else None


class _Group(Store):
    """The arrays of a group."""

    def __init__(self, group: Any) -> None:
        import h5py

        self.group = group
        self.members = [key for key in group if isinstance(group[key], h5py.Dataset)]
        self.texts = {
            key: text
            for key in self.members
            if group[key].dtype.kind == "O" and group[key].size == 1 and (text := self._text(key)) is not None
        }

    def array(self, member: str) -> np.ndarray:
        """One of them; text becomes unicode."""
        values = np.asarray(self.group[member][()])
        if values.dtype.kind == "O":
            return np.array([v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in values.ravel()])
        return values

    def unit(self, member: str) -> str | None:
        """The unit that an array states."""
        unit = self.group[member].attrs.get("units") if member in self.members else None
        return unit.decode() if isinstance(unit, bytes) else None if unit is None else str(unit)

    def _text(self, member: str) -> str | None:
        value = np.asarray(self.group[member][()]).reshape(-1)[0]
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
