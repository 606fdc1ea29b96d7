"""Archives of NumPy arrays: sGDML datasets, revised MD17, and others whose names the user gives.

Pickled content is never loaded.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from supple.errors import DataError
from supple.reading.elements import atomic_number
from supple.reading.keys import Key, Keys, infer_energy, infer_forces, not_there
from supple.reading.object_arrays import read_object_array
from supple.reading.opening import opened
from supple.reading.raw import Raw, Stated
from supple.reading.request import Request
from supple.units import Units

#: What the arrays are called in the formats that are known.
_LAYOUTS = (
    {"numbers": "z", "positions": "R", "energy": "E", "forces": "F"},
    {"numbers": "nuclear_charges", "positions": "coords", "energy": "energies", "forces": "forces"},
    {"numbers": "numbers", "positions": "positions", "energy": "energy", "forces": "forces"},
    {"numbers": "atomic_numbers", "positions": "positions", "energy": "energy", "forces": "forces"},
)
#: Only revised MD17 has these; its authors state kcal/mol and Å (doi 10.6084/m9.figshare.12672038).
_RMD17 = {"old_indices", "old_energies"}
_SGDML_KINDS = {"m": "an sGDML model", "t": "an sGDML training task"}


def load(path: Path, request: Request) -> Raw:
    """Read the arrays that are needed, and no other.

    Raises:
        DataError: the archive is damaged, lacks an array, or one has a wrong shape, holds objects or NaN.
    """
    try:
        with opened(path) as file:
            if isinstance(file, io.BufferedReader):
                archive = zipfile.ZipFile(file)
            else:  # inside gzip going back is slow, and a zip file is read from its end
                archive = zipfile.ZipFile(io.BytesIO(file.read()))
            with archive:
                return _Archive(archive, path.name).raw(request.keys, request.labels)
    except zipfile.BadZipFile as error:
        raise DataError(f"{path.name} is damaged or no .npz archive ({error}): copy it again.") from error


class _Archive:
    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self.archive = archive
        self.name = name
        self.members = [m.removesuffix(".npy") for m in archive.namelist() if m.endswith(".npy")]

    def raw(self, keys: Keys, labels: bool) -> Raw:
        """The dataset, in the file's units."""
        kind = self._text("type")
        if kind in _SGDML_KINDS:
            raise DataError(f"{self.name} is {_SGDML_KINDS[kind]}, not a dataset: give the file of geometries.")
        names = self._names(keys, labels)
        positions = self._numeric(names["positions"])
        if positions.ndim != 3 or positions.shape[2] != 3:
            raise DataError(
                f"{self.name}: '{names['positions'].name}' has shape {positions.shape}, "
                "but positions need (frames, atoms, 3)."
            )
        energies = forces = None
        if labels:
            forces = self._numeric(names["forces"])
            if "energy" in names:
                energies = self._energies(names["energy"], len(positions), keys.energy is not None)
        return Raw(
            numbers=self._numbers(names["numbers"], positions.shape[1]),
            positions=positions,
            energies=energies,
            forces=self._same_shape(forces, positions, names),
            stated=Stated(energy=self._text("e_unit"), length=self._text("r_unit")),
            convention=Units.of("kcal/mol") if _RMD17 & set(self.members) else None,
        )

    def _names(self, keys: Keys, labels: bool) -> dict[str, Key]:
        """Where each quantity stands: as the user says, or as in a known format, or by a name that leaves no doubt."""
        said = {q: key for q in ("numbers", "positions", "energy", "forces") if (key := getattr(keys, q)) is not None}
        for key in said.values():
            if key.name not in self.members:
                raise not_there(self.name, key, self.members)
        for layout in _LAYOUTS:
            known = {q: Key(name) for q, name in layout.items() if name in self.members}
            names = known | said
            if "numbers" in names and "positions" in names:
                break
        else:
            raise DataError(
                f"{self.name} has no arrays of atomic numbers and positions under names that are known (it has "
                f"{', '.join(self.members) or 'none'}): "
                "say --keys numbers=NAME,positions=NAME,energy=NAME,forces=NAME."
            )
        if not labels:
            return names
        rest = [m for m in self.members if m not in {key.name for key in names.values()}]
        if "forces" not in names:
            names["forces"] = Key(infer_forces(rest, self.name))
        if "energy" not in names and (found := infer_energy(rest, self.name)) is not None and found not in _RMD17:
            names["energy"] = Key(found)
        return names

    def _numeric(self, key: Key) -> np.ndarray:
        values = self._array(key.name)
        try:
            numeric = np.asarray(values.tolist() if values.dtype.hasobject else values, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise DataError(f"{self.name}: '{key.name}' does not hold numbers ({values.dtype}).") from error
        return numeric if key.factor == 1 else numeric * key.factor

    def _energies(self, key: Key, n_frames: int, may_be_unknown: bool) -> np.ndarray:
        energies = self._numeric(key).reshape(-1)  # older files have (frames, 1)
        if len(energies) != n_frames:
            raise DataError(f"{self.name}: '{key.name}' has {len(energies)} energies, but there are {n_frames} frames.")
        bad = np.flatnonzero(np.isnan(energies))
        if len(bad) and not may_be_unknown:
            error = DataError(
                f"{self.name}: the energy of frame {bad[0]} is NaN ({len(bad)} are); remove "
                f"these frames, or say --keys energy={key.name} to read them as frames whose energy is not known."
            )
            self.damage.found("missing-energy", error, bad.tolist())
        endless = np.flatnonzero(np.isinf(energies))
        if len(endless):
            error = DataError(f"{self.name}: the energy of frame {endless[0]} is infinite; remove the frame.")
            self.damage.found("energy-not-finite", error, endless.tolist())
            energies[endless] = np.nan
        return energies

    def _same_shape(self, forces: np.ndarray | None, positions: np.ndarray, names: dict[str, Key]) -> np.ndarray | None:
        if forces is not None and forces.shape != positions.shape:
            raise DataError(
                f"{self.name}: '{names['forces'].name}' has shape {forces.shape}, '{names['positions'].name}' "
                f"{positions.shape}; they must be the same."
            )
        return forces

    def _numbers(self, key: Key, n_atoms: int) -> np.ndarray:
        values = self._array(key.name)
        if values.ndim == 2 and len(values):
            changed = np.flatnonzero((values != values[0]).any(axis=1))
            if len(changed):
                raise DataError(
                    f"{self.name}: frame {int(changed[0])} has other atoms than frame 0, or another atom order; "
                    "one file holds one molecule: split it."
                )
            values = values[0]
        if values.shape != (n_atoms,):
            raise DataError(
                f"{self.name}: '{key.name}' has shape {values.shape}, but the positions are of {n_atoms} atoms."
            )
        numbers = [atomic_number(_plain(value)) for value in values.tolist()]
        if None in numbers:
            atom = numbers.index(None)
            raise DataError(f"{self.name}: '{_plain(values[atom])}' of atom {atom + 1} in '{key.name}' is no element.")
        return np.array(numbers, dtype=np.int64)

    def _text(self, member: str) -> str | None:
        if member not in self.members:
            return None
        values = self._array(member)
        if values.size != 1:
            raise DataError(f"{self.name}: '{member}' should be one word, but it has shape {values.shape}.")
        return _plain(values.reshape(-1)[0])

    def _array(self, member: str) -> np.ndarray:
        where = f"'{member}' of {self.name}"
        try:
            with self.archive.open(f"{member}.npy") as opened:
                major, _ = np.lib.format.read_magic(opened)
                header = np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
                if not header(opened)[2].hasobject:
                    opened.seek(0)
                    return np.lib.format.read_array(opened, allow_pickle=False)
            with self.archive.open(f"{member}.npy") as opened:
                return read_object_array(opened.read(), where)
        except (ValueError, zlib.error, EOFError, RuntimeError, MemoryError, OverflowError) as error:
            raise DataError(f"{where} is damaged ({error}): copy the file again.") from error


def _plain(value: Any) -> str:
    """A value as text; whole numbers without a decimal point."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
