"""ASE databases (.db, .json): those of ASE itself, and those of SchNetPack, which keeps its units in the metadata."""

from __future__ import annotations

import base64
import sqlite3
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from supple.data.reading.frames import Frame, combine_frames, frame_of_atoms
from supple.data.reading.infer_keys import infer_energy, infer_forces, missing_key
from supple.data.reading.keys import Key
from supple.data.reading.open_file import decompressed
from supple.data.reading.raw_frames import NO_UNITS_STATED, RawFrames, StatedUnits
from supple.data.reading.read_request import ReadRequest
from supple.data.units import Units
from supple.errors import DataError

_SQLITE = b"SQLite format 3"


def load(path: Path, request: ReadRequest) -> RawFrames:
    """Read all rows, in their order.

    Energies and forces are those of the calculator, in eV and Å; if there are none, as in SchNetPack databases, they are
    taken from the rows' data.

    Raises:
        DataError: the file is not a database, or no row has forces.
    """
    metadata, rows = _content(path)
    about = {k: str(v) for k, v in metadata.items() if isinstance(v, str | int | float) and k[0] != "_"}
    units = metadata.get("_property_unit_dict")
    if not isinstance(units, dict):
        units = {}
        if any("forces" in row for row in rows) or not request.requires_labels:
            return combine_frames(
                _calculated(rows, request, path.name), path.name, request, convention=Units(), about=about
            )
    data = [_data(row, path.name) for row in rows]
    names = list(units) or list(dict.fromkeys(name for values in data for name in values))
    energy, forces = _labels(names, path.name, request)
    used = {key.name for key in (energy, forces) if key is not None}
    frames = (
        _frame(row, _scaled(values, energy, path.name), _scaled(values, forces, path.name), values, used, path.name)
        for row, values in zip(rows, data, strict=True)
    )
    stated = NO_UNITS_STATED
    if used & set(units):
        stated = StatedUnits(
            energy=_unit(units, energy), length=_text(metadata.get("_distance_unit")), forces=_unit(units, forces)
        )
    # a unit of None is SchNetPack's way to say that there is none
    return combine_frames(frames, path.name, request, stated=stated, about=about)


def _content(path: Path) -> tuple[dict[str, Any], list[Any]]:
    """Metadata and rows."""
    from ase.db import connect

    kind = "json" if ".json" in path.suffixes[-2:] else "db"
    with decompressed(path) as file:
        with file.open("rb") as content:
            if (content.read(len(_SQLITE)) == _SQLITE) != (kind == "db"):
                wanted = "SQLite" if kind == "db" else "JSON"
                raise DataError(f"{path.name} is not an ASE database: its content is not {wanted}.")
        try:
            if kind == "db":
                _require_tables_alone(file)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                database = connect(str(file), type=kind, use_lock_file=False)
                return dict(database.metadata), list(database.select())
        except Exception as error:  # a damaged database may raise anything
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise DataError(f"{path.name} cannot be read as an ASE database ({reason}): copy it again.") from error


def _require_tables_alone(file: Path) -> None:
    """Refuse views and virtual tables: a forged one never ends."""
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as database:
        for kind, sql in database.execute("SELECT type, sql FROM sqlite_master"):
            if kind not in ("table", "index") or str(sql).upper().startswith("CREATE VIRTUAL"):
                raise ValueError(f"it has a {kind} that ASE does not make")


def _calculated(rows: list[Any], request: ReadRequest, file: str) -> Iterator[Frame]:
    """The frames of rows with the results of a calculator."""
    keys = request.keys
    for row in rows:
        data = _data(row, file)
        results = {name: row.get(name) for name in ("energy", "free_energy", "forces")}
        values = {**data, **row.key_value_pairs, **results}
        energy = _scaled(values, keys.energy, file) if keys.energy else row.get("free_energy", row.get("energy"))
        forces = _scaled(values, keys.forces, file) if keys.forces else row.get("forces")
        used = {key.name for key in (keys.energy, keys.forces) if key}
        yield _frame(row, energy, forces, data, used, file)


def _labels(names: list[str], file: str, request: ReadRequest) -> tuple[Key | None, Key | None]:
    """The keys of energies and forces in the rows' data."""
    energy, forces = request.keys.energy, request.keys.forces
    for key in (energy, forces):
        if key is not None and key.name not in names:
            raise missing_key(file, key, names)
    optional = not request.requires_labels
    if energy is None and (found := infer_energy(names, file, optional=optional)) is not None:
        energy = Key(found)
    if forces is None and (found := infer_forces(names, file, optional=optional)) is not None:
        forces = Key(found)
    return energy, forces if request.wants_labels else None


def _data(row: Any, file: str) -> dict[str, Any]:
    """What a row holds besides its atoms; SchNetPack before 2.0 stores arrays as text, their shapes and types beside them."""
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
            raise DataError(
                f"{file}: '{name}' of row {row.id} cannot be read ({error}): the database is damaged; copy it again."
            ) from error
    return data


def _frame(row: Any, energy: Any, forces: Any, data: Mapping[str, Any], used: set[str], file: str) -> Frame:
    from ase import Atoms

    extras = dict(row.key_value_pairs) | {name: value for name, value in data.items() if name not in used}
    try:
        atoms = Atoms(row.numbers, row.positions, cell=row.cell, pbc=row.pbc, momenta=row.get("momenta"))
        values: Sequence[float] | np.ndarray = (
            [] if energy is None else np.asarray(energy, dtype=np.float64).reshape(-1)
        )
        return frame_of_atoms(atoms, float(values[0]) if len(values) else None, forces, extras)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{file}: row {row.id} cannot be read ({error}): the database is damaged; copy it again."
        ) from error


def _scaled(data: Mapping[str, Any], key: Key | None, file: str) -> np.ndarray | None:
    value = None if key is None else data.get(key.name)
    if value is None or key is None:
        return None
    try:
        return np.asarray(np.asarray(value, dtype=np.float64) * key.factor)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{file}: '{key.name}' does not contain numbers in every row: the database is damaged; copy it again."
        ) from error


def _unit(units: Mapping[str, Any], key: Key | None) -> str | None:
    return None if key is None else _text(units.get(key.name))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
