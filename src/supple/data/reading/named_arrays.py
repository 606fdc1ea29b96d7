"""A dataset from named arrays, whatever they are stored in: an archive, a folder, a group of an HDF5 file.

Names are those of a format that is known, or as the user says (`--keys`), or such that they leave no doubt.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from supple.data.elements import atomic_number
from supple.data.reading.gather_extras import with_theory
from supple.data.reading.keys import Key, Keys, infer_energy, infer_forces, not_there
from supple.data.reading.raw_frames import RawFrames, StatedUnits
from supple.data.reading.read_request import ReadRequest
from supple.data.units import Units
from supple.errors import DataError

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


#: What says of all frames together what is said elsewhere already, or follows from the arrays.
_SAID = {"type", "e_unit", "r_unit", "code_version", "md5"}
_FOLLOWS = {f"{quantity}_{what}" for quantity in "EF" for what in ("min", "max", "mean", "var")}
#: Texts longer than this are not kept.
_LONG = 1000


class Store(ABC):
    """Named arrays.

    Attributes:
        members: their names.
    """

    members: list[str]

    @abstractmethod
    def array(self, member: str) -> np.ndarray:
        """One of them.

        Raises:
            DataError: it cannot be read.
        """


def raw_from_arrays(store: Store, name: str, request: ReadRequest) -> RawFrames:
    """The dataset in the arrays of a store, in their own units.

    Raises:
        DataError: an array is missing, or one has a wrong shape, holds no numbers, or values that are not finite.
    """
    return _Reading(store, name, request).raw()


class _Reading:
    def __init__(self, store: Store, name: str, request: ReadRequest) -> None:
        self.store = store
        self.name = name
        self.keys, self.labels, self.defects = request.keys, request.wants_labels, request.defects
        self.members = store.members

    def raw(self) -> RawFrames:
        """The dataset."""
        kind = self._text("type")
        if kind in _SGDML_KINDS:
            raise DataError(f"{self.name} is {_SGDML_KINDS[kind]}, not a dataset: give the file of geometries.")
        names = self._names(self.keys, self.labels)
        positions = self._numeric(names["positions"])
        if positions.ndim != 3 or positions.shape[2] != 3:
            raise DataError(
                f"{self.name}: '{names['positions'].name}' has shape {positions.shape}, "
                "but positions need (frames, atoms, 3)."
            )
        energies = forces = None
        if self.labels:
            forces = self._same_shape(self._numeric(names["forces"]), positions, names)
            if "energy" in names:
                energies = self._energies(names["energy"], len(positions), self.keys.energy is not None)
        numbers, good = self._numbers(names["numbers"], positions.shape[:2])
        for array, what in ((positions, "position"), (forces, "force")):
            good &= True if array is None else self._finite(array, what)
        extras, about = self._rest({key.name for key in names.values()}, len(positions))
        return RawFrames(
            numbers=numbers,
            positions=positions[good],
            energies=None if energies is None else energies[good],
            forces=None if forces is None else forces[good],
            stated=StatedUnits(energy=self._text("e_unit"), length=self._text("r_unit")),
            convention=Units.of("kcal/mol") if _RMD17 & set(self.members) else None,
            frames=np.flatnonzero(good),
            extras={key: values[good] for key, values in extras.items()},
            about=about,
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
        values = self.store.array(key.name)
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
            self.defects.report("missing-energy", error, bad.tolist())
        endless = np.flatnonzero(np.isinf(energies))
        if len(endless):
            error = DataError(f"{self.name}: the energy of frame {endless[0]} is infinite; remove the frame.")
            self.defects.report("energy-not-finite", error, endless.tolist())
            energies[endless] = np.nan
        return energies

    def _same_shape(self, forces: np.ndarray | None, positions: np.ndarray, names: dict[str, Key]) -> np.ndarray | None:
        if forces is not None and forces.shape != positions.shape:
            raise DataError(
                f"{self.name}: '{names['forces'].name}' has shape {forces.shape}, '{names['positions'].name}' "
                f"{positions.shape}; they must be the same."
            )
        return forces

    def _numbers(self, key: Key, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        """The atomic numbers, and the frames that have them."""
        values = self.store.array(key.name)
        good = np.ones(shape[0], dtype=bool)
        if values.ndim == 2 and len(values):
            if values.shape != shape[:2]:
                raise DataError(
                    f"{self.name}: '{key.name}' has shape {values.shape}, but the positions are of {shape[1]} atoms "
                    f"in {shape[0]} frames."
                )
            good = (values == values[0]).all(axis=1)
            changed = np.flatnonzero(~good)
            if len(changed):
                error = DataError(
                    f"{self.name}: frame {int(changed[0])} has other atoms than frame 0, or another atom order; "
                    "one file holds one molecule: split it."
                )
                same = np.array_equal(np.sort(values[changed[0]]), np.sort(values[0]))
                self.defects.report("atom-order" if same else "other-molecule", error, changed.tolist())
            values = values[0]
        if values.shape != (shape[1],):
            raise DataError(
                f"{self.name}: '{key.name}' has shape {values.shape}, but the positions are of {shape[1]} atoms."
            )
        numbers = [atomic_number(_plain(value)) for value in values.tolist()]
        if None in numbers:
            atom = numbers.index(None)
            raise DataError(f"{self.name}: '{_plain(values[atom])}' of atom {atom + 1} in '{key.name}' is no element.")
        return np.array(numbers, dtype=np.int64), good

    def _finite(self, values: np.ndarray, what: str) -> np.ndarray:
        """Which frames are finite; of the others is told."""
        good = np.asarray(np.isfinite(values).all(axis=(1, 2)))
        bad = np.flatnonzero(~good)
        if len(bad):
            atom = int(np.flatnonzero(~np.isfinite(values[bad[0]]).all(axis=1))[0])
            error = DataError(
                f"{self.name}: the {what} of atom {atom + 1} in frame {bad[0]} is NaN or infinite; "
                f"remove the {len(bad)} frame(s) concerned, or repeat the calculation."
            )
            self.defects.report("not-finite", error, bad.tolist())
        return good

    def _rest(self, used: set[str], n_frames: int) -> tuple[dict[str, np.ndarray], dict[str, str]]:
        """What else there is: arrays over the frames, and texts about them all."""
        if not self.labels:
            return {}, {}
        extras, about = {}, {}
        for member in self.members:
            if member in used | _SAID | _FOLLOWS:
                continue
            try:
                values = self.store.array(member)
            except DataError:
                continue  # it is not needed
            if values.dtype.kind == "S":
                values = np.char.decode(values, "latin-1")
            if values.dtype.kind not in "biufU":
                continue
            if values.ndim and len(values) == n_frames:
                extras[member] = values
            elif values.size == 1 and len(text := _plain(values.reshape(-1)[0])) < _LONG:
                about[member] = text
        if about.get("theory") == "unknown":  # sGDML must have a word for it
            del about["theory"]
        extras, stated = with_theory(extras)
        return extras, about | stated

    def _text(self, member: str) -> str | None:
        if member not in self.members:
            return None
        values = self.store.array(member)
        if values.size != 1:
            raise DataError(f"{self.name}: '{member}' should be one word, but it has shape {values.shape}.")
        return _plain(values.reshape(-1)[0])


def _plain(value: Any) -> str:
    """A value as text; whole numbers without a decimal point."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
