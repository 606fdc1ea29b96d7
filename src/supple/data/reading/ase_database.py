"""Databases of ASE (.db, .json), as ASE itself fills them and as SchNetPack does, which keeps its units in the metadata."""

from __future__ import annotations

import base64
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from supple.data.reading.frames import Frame, raw_from_frames
from supple.data.reading.keys import Key, infer_energy, infer_forces, not_there
from supple.data.reading.open_file import decompressed
from supple.data.reading.periodic_boxes import is_alone, whole
from supple.data.reading.raw_frames import NO_UNITS_STATED, RawFrames, StatedUnits
from supple.data.reading.read_request import ReadRequest
from supple.data.units import Units
from supple.errors import DataError

_SQLITE = b"SQLite format 3"


def load(path: Path, request: ReadRequest) -> RawFrames:
    """Read all rows, in their order.

    Energies and forces are those of the calculator, in eV and Å; where there are none, as in SchNetPack's databases, they
    are looked for in the rows' data.

    Raises:
        DataError: it is no database, or has no row with forces.
    """
    metadata, rows = _content(path)
    about = {k: str(v) for k, v in metadata.items() if isinstance(v, str | int | float) and k[0] != "_"}
    units = metadata.get("_property_unit_dict")
    if not isinstance(units, dict):
        units = {}
        if any("forces" in row for row in rows) or not request.wants_labels:
            return raw_from_frames(_calculated(rows, request), path.name, request, convention=Units(), about=about)
    data = [_data(row) for row in rows]
    names = list(units) or list(dict.fromkeys(name for one in data for name in one))
    energy, forces = _labels(names, path.name, request)
    used = {key.name for key in (energy, forces) if key is not None}
    frames = (
        _frame(row, _scaled(one, energy), _scaled(one, forces), one, used) for row, one in zip(rows, data, strict=True)
    )
    stated = NO_UNITS_STATED
    if used & set(units):
        stated = StatedUnits(
            energy=_unit(units, energy), length=_text(metadata.get("_distance_unit")), forces=_unit(units, forces)
        )
    # a unit of None is SchNetPack's way to say that there is none
    return raw_from_frames(frames, path.name, request, stated=stated, about=about)


def _content(path: Path) -> tuple[dict[str, Any], list[Any]]:
    """Metadata and rows."""
    from ase.db import connect

    kind = "json" if ".json" in path.suffixes[-2:] else "db"
    with decompressed(path) as file:
        with file.open("rb") as opened:
            if (opened.read(len(_SQLITE)) == _SQLITE) != (kind == "db"):
                raise DataError(f"{path.name} is no database of ASE ({'SQLite' if kind == 'db' else 'JSON'}).")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                database = connect(str(file), type=kind, use_lock_file=False)
                return dict(database.metadata), list(database.select())
        except Exception as error:  # whatever a damaged database raises
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise DataError(f"{path.name} cannot be read as a database of ASE ({reason}).") from error


def _calculated(rows: list[Any], request: ReadRequest) -> Iterator[Frame]:
    """Rows with the results of a calculator."""
    keys = request.keys
    for row in rows:
        data = _data(row)
        known = {**data, **row.key_value_pairs, **{name: row.get(name) for name in ("energy", "free_energy", "forces")}}
        energy = _scaled(known, keys.energy) if keys.energy else row.get("free_energy", row.get("energy"))
        forces = _scaled(known, keys.forces) if keys.forces else row.get("forces")
        yield _frame(row, energy, forces, data, {key.name for key in (keys.energy, keys.forces) if key})


def _labels(names: list[str], name: str, request: ReadRequest) -> tuple[Key | None, Key | None]:
    """Where energies and forces stand in the rows' data."""
    said = request.keys
    for key in (said.energy, said.forces):
        if key is not None and key.name not in names:
            raise not_there(name, key, names)
    found = None if said.energy else infer_energy(names, name)
    energy = said.energy or (Key(found) if found else None)
    if not request.wants_labels:
        return energy, None
    return energy, said.forces or Key(infer_forces(names, name))


def _data(row: Any) -> dict[str, Any]:
    """What a row holds beside its atoms; SchNetPack before 2.0 has arrays as text, with their shapes and types beside."""
    data = {}
    for name, value in row.data.items():
        if name[0] == "_":
            continue
        shape, kind = row.data.get(f"_shape_{name}"), row.data.get(f"_dtype_{name}")
        if shape is None or kind is None:
            data[name] = value
            continue
        try:
            data[name] = np.frombuffer(base64.b64decode(value), dtype=np.dtype(kind)).reshape(shape)
        except (TypeError, ValueError) as error:
            raise DataError(f"'{name}' of row {row.id} cannot be read ({error}).") from error
    return data


def _frame(row: Any, energy: Any, forces: Any, data: Mapping[str, Any], used: set[str]) -> Frame:
    more: dict[str, Any] = dict(row.key_value_pairs)
    more |= {key: value for key, value in data.items() if key not in used}
    positions, trouble = np.asarray(row.positions, dtype=np.float64), None
    if row.pbc.any():
        atoms = row.toatoms()
        more["cell"] = np.asarray(row.cell).ravel()
        positions = whole(atoms)
        trouble = None if is_alone(atoms, positions) else "periodic"
    values = None if energy is None else np.asarray(energy, dtype=np.float64).reshape(-1)
    return Frame(
        np.asarray(row.numbers, dtype=np.int64),
        positions,
        None if values is None or not len(values) else float(values[0]),
        None if forces is None else np.asarray(forces, dtype=np.float64).reshape(-1, 3),
        more,
        trouble,
    )


def _scaled(data: Mapping[str, Any], key: Key | None) -> Any:
    value = None if key is None else data.get(key.name)
    return None if value is None or key is None else np.asarray(value, dtype=np.float64) * key.factor


def _unit(units: Mapping[str, Any], key: Key | None) -> str | None:
    return None if key is None else _text(units.get(key.name))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
