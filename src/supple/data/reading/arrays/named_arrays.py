"""Frames from named arrays: positions of shape (M, N, 3), energies (M,), forces (M, N, 3), atomic numbers (N,) or (M, N)."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int

from supple.data.elements import atom_mismatch
from supple.data.finite import finite_frames, not_finite
from supple.data.reading.arrays.array_names import RMD17, find_names
from supple.data.reading.arrays.array_store import ArrayStore
from supple.data.reading.element_symbols import read_elements
from supple.data.reading.gather_extras import without_second_energy
from supple.data.reading.keys import Key
from supple.data.reading.labels.infer_keys import Labels, require_free_energy
from supple.data.reading.periodic_boxes import boxes_of_arrays
from supple.data.reading.raw_frames import RawFrames, StatedUnits
from supple.data.reading.read_request import ReadRequest
from supple.data.reading.text_numbers import as_text, required_number
from supple.data.units import Units
from supple.errors import DataError
from supple.molecule.boxes import BOX_NAMES, Boxes

_SGDML_KINDS = {"m": "an sGDML model", "t": "an sGDML training task"}
#: Not kept as extras: what is read otherwise, and what follows from the arrays.
_NOT_EXTRAS = {
    "type", "e_unit", "r_unit", "code_version", "md5",
    *(f"{quantity}_{statistic}" for quantity in "EF" for statistic in ("min", "max", "mean", "var")),
}  # fmt: skip
#: Longer texts are not kept.
_LONGEST = 1000


def raw_from_arrays(store: ArrayStore, file: str, request: ReadRequest) -> RawFrames:
    """The frames in the arrays of a store, in their own units.

    Args:
        store: the arrays.
        file: name of the file, for messages.
        request: what to read.

    Raises:
        DataError: an array is missing, or has a wrong shape, or holds values that are not numbers or not finite.
    """
    return _ArrayReader(store, file, request).read()


class _ArrayReader:
    def __init__(self, store: ArrayStore, file: str, request: ReadRequest) -> None:
        self.store = store
        self.file = file
        self.request = request

    def read(self) -> RawFrames:
        kind = self.store.text("type", self.file)
        if kind in _SGDML_KINDS:
            raise DataError(f"{self.file} is {_SGDML_KINDS[kind]}, not a dataset: give the file of geometries.")
        names = find_names(self.store, self.request, self.file)
        positions = self._numeric(names.positions)
        if positions.ndim != 3 or positions.shape[2] != 3:
            raise DataError(
                f"{self.file}: '{names.positions.name}' has shape {positions.shape}, "
                "but positions need (frames, atoms, 3)."
            )
        labels = names.labels
        forces = None if labels.forces is None else self._numeric(labels.forces)
        if forces is not None and labels.forces is not None and forces.shape != positions.shape:
            raise DataError(
                f"{self.file}: '{labels.forces.name}' has shape {forces.shape}, '{names.positions.name}' "
                f"{positions.shape}; they must be the same."
            )
        energies = None if labels.energy is None else self._energies(labels.energy, len(positions))
        numbers, good = self._numbers(names.numbers, len(positions), positions.shape[1])
        good = good & self._finite(positions, "position")
        if forces is not None:
            good = good & self._finite(forces, "force")
        boxes = self._boxes(len(positions), names.positions)
        extras, about = self._extras(names.used, len(positions)) if self.request.wants_labels else ({}, {})
        if energies is not None and labels.unsmeared is not None:
            self._require_free_energies(labels, energies)
            extras = without_second_energy(extras, labels.unsmeared, energies)
        return RawFrames(
            numbers=numbers,
            positions=positions[good],
            energies=None if energies is None else energies[good],
            forces=None if forces is None else forces[good],
            stated=StatedUnits(
                energy=self.store.text("e_unit", self.file), length=self.store.text("r_unit", self.file)
            ),
            convention=Units.of("kcal/mol") if RMD17 & set(self.store.names) else None,
            frames=np.flatnonzero(good),
            extras={name: values[good] for name, values in extras.items()},
            about=about,
            boxes=None if boxes is None else boxes.select(good),
        )

    def _boxes(self, n_frames: int, positions: Key) -> Boxes | None:
        """The boxes; None if there is none, or the array of that name is something else."""
        name = next((name for name in self.store.names if name.lower() in BOX_NAMES), None)
        if name is None or self.store.array(name).dtype.kind not in "iuf":
            return None
        pbc = self.store.array("pbc") if "pbc" in self.store.names else None
        columns = name == "lattice" and {"R", "z"} <= set(self.store.names)
        boxes = boxes_of_arrays(self.store.array(name), pbc, n_frames, f"{self.file}: '{name}'", columns=columns)
        return boxes.scaled(positions.factor)

    def _numeric(self, key: Key) -> np.ndarray:
        values = self.store.array(key.name)
        try:
            if values.dtype.hasobject:
                values = np.asarray(values.tolist())
            if values.dtype.kind in "US":
                texts = [required_number(as_text(text)) for text in values.ravel().tolist()]
                numeric = np.array(texts, dtype=np.float64).reshape(values.shape)
            elif values.dtype.kind in "fiuO":
                numeric = np.asarray(values, dtype=np.float64)
            else:
                raise TypeError(values.dtype)
        except (TypeError, ValueError) as error:
            raise DataError(
                f"{self.file}: '{key.name}' contains {values.dtype} values, not numbers: store numbers."
            ) from error
        return numeric if key.factor == 1 else numeric * key.factor

    def _energies(self, key: Key, n_frames: int) -> Float[np.ndarray, "M"]:
        energies = self._numeric(key).reshape(-1)  # older files have (frames, 1)
        if len(energies) != n_frames:
            raise DataError(f"{self.file}: '{key.name}' has {len(energies)} energies, but there are {n_frames} frames.")
        missing = np.flatnonzero(np.isnan(energies))
        if len(missing) and self.request.requires_labels and self.request.keys.energy is None:
            error = DataError(
                f"{self.file}: the energies of {len(missing)} frames are NaN, the first in frame {missing[0]}; remove these "
                f"frames, or use --keys energy={key.name} to read them as frames of unknown energy."
            )
            self.request.defects.report("missing-energy", error, missing.tolist())
        infinite = np.flatnonzero(np.isinf(energies))
        if len(infinite):
            error = DataError(
                f"{self.file}: the energy of frame {infinite[0]} is infinite; remove the frame, or repeat the calculation."
            )
            self.request.defects.report("energy-not-finite", error, infinite.tolist())
            energies[infinite] = np.nan
        return energies

    def _require_free_energies(self, labels: Labels, energies: Float[np.ndarray, "M"]) -> None:
        """Refuse free energies that cannot be those of electrons."""
        beside = self._numeric(Key(str(labels.unsmeared))).reshape(-1)
        for m in np.flatnonzero(np.isfinite(energies) & np.isfinite(beside)):
            require_free_energy(float(energies[m]), float(beside[m]), labels, self.file, f"frame {m}")

    def _numbers(self, key: Key, n_frames: int, n_atoms: int) -> tuple[Int[np.ndarray, "N"], Bool[np.ndarray, "M"]]:
        """The atomic numbers, and which frames have them."""
        values = self.store.array(key.name)
        good = np.ones(n_frames, dtype=bool)
        if values.ndim == 2 and len(values):
            if values.shape != (n_frames, n_atoms):
                raise DataError(
                    f"{self.file}: '{key.name}' has shape {values.shape}, but there are positions of {n_atoms} atoms "
                    f"in {n_frames} frames."
                )
            good = (values == values[0]).all(axis=1)
            changed = np.flatnonzero(~good)
            if len(changed):
                error = DataError(
                    f"{self.file}: frame {int(changed[0])} has other atoms than frame 0, or another atom order; "
                    "a file must contain one molecule in one atom order: split the file."
                )
                kind = atom_mismatch(values[changed[0]], values[0]) or "other-molecule"
                self.request.defects.report(kind, error, changed.tolist())
            values = values[0]
        if values.shape != (n_atoms,):
            raise DataError(
                f"{self.file}: '{key.name}' has shape {values.shape}, but there are positions of {n_atoms} atoms."
            )
        return read_elements(values.tolist(), self.file, f" in '{key.name}'"), good

    def _finite(self, values: Float[np.ndarray, "M N 3"], what: str) -> Bool[np.ndarray, "M"]:
        """Which frames are finite; the others are reported."""
        finite = finite_frames(values)
        if not finite.all():
            error = not_finite(values, what, self.file)
            self.request.defects.report("not-finite", error, np.flatnonzero(~finite).tolist())
        return finite

    def _extras(self, used: set[str], n_frames: int) -> tuple[dict[str, np.ndarray], dict[str, str]]:
        """The other arrays over the frames, and single values, which apply to all frames."""
        extras, about = {}, {}
        for name in self.store.names:
            if name in used | _NOT_EXTRAS:
                continue
            try:
                values = self.store.array(name)
            except DataError:
                continue  # it is not needed
            if values.dtype.kind == "S":
                values = np.char.decode(values, "latin-1")
            if values.dtype.kind not in "biufU":
                continue
            if values.ndim and len(values) == n_frames:
                extras[name] = values
            elif values.size == 1 and len(text := as_text(values.reshape(-1)[0])) < _LONGEST:
                about[name] = text
        if about.get("theory") == "unknown":  # sGDML requires an entry
            del about["theory"]
        return extras, about
