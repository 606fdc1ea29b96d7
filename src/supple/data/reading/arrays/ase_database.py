"""ASE databases (.db, .json): those of ASE itself, and those of SchNetPack, which keeps its units in the metadata."""

from __future__ import annotations

import base64
import sqlite3
import warnings
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from supple.data.reading.frames import Frame, combine_frames, frame_of_atoms
from supple.data.reading.keys import Key
from supple.data.reading.labels.infer_keys import Labels, infer_labels, missing_key, require_free_energy
from supple.data.reading.labels.label_candidates import UnclearLabelsError
from supple.data.reading.open_file import decompressed
from supple.data.reading.raw_frames import NO_UNITS_STATED, RawFrames, StatedUnits
from supple.data.reading.read_request import ReadRequest
from supple.data.units import Units
from supple.errors import DataError

_SQLITE = b"SQLite format 3"
#: The results of calculators that are labels.
_RESULTS = ("energy", "free_energy", "forces")


def load(path: Path, request: ReadRequest) -> RawFrames:
    """Read all rows, in their order.

    Energies and forces are the results of a calculator, in eV and Å, or key-value pairs or data of the rows, as in SchNetPack
    databases.

    Raises:
        DataError: the file is not a database, no row has forces, or it is unclear which names are the energy and the forces.
    """
    metadata, rows = _content(path)
    about = {k: str(v) for k, v in metadata.items() if isinstance(v, str | int | float) and k[0] != "_"}
    units = metadata.get("_property_unit_dict")
    if not isinstance(units, dict):
        units = {}
    values = [_values(row, path.name) for row in rows]
    labels = _labels(values, units, path.name, request)
    frames = (_frame(row, named, labels, path.name) for row, named in zip(rows, values, strict=True))
    keys = [key for key in (labels.energy, labels.forces) if key is not None]
    stated = NO_UNITS_STATED
    if any(key.name in units for key in keys):
        stated = StatedUnits(
            energy=_unit(units, labels.energy),
            length=_text(metadata.get("_distance_unit")),
            forces=_unit(units, labels.forces),
        )
    # a unit of None is SchNetPack's way to say that there is none
    by_calculator = not units and all(any(row.get(key.name) is not None for row in rows) for key in keys[-1:])
    return combine_frames(
        frames, path.name, request, stated=stated, convention=Units() if by_calculator else None, about=about
    )


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
                rows = list(database.select())
                for row in rows:
                    _ = row.data  # which ASE decodes only now
                return dict(database.metadata), rows
        except Exception as error:  # a damaged database may raise anything
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise DataError(f"{path.name} cannot be read as an ASE database ({reason}): copy it again.") from error


def _require_tables_alone(file: Path) -> None:
    """Refuse views and virtual tables: a forged one never ends."""
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as database:
        for kind, sql in database.execute("SELECT type, sql FROM sqlite_master"):
            if kind not in ("table", "index") or str(sql).upper().startswith("CREATE VIRTUAL"):
                raise ValueError(f"it has a {kind} that ASE does not make")


def _values(row: Any, file: str) -> dict[str, Any]:
    """All that a row holds besides its atoms, the results of a calculator last."""
    values = {**_data(row, file), **row.key_value_pairs}
    for name in _RESULTS:
        result = row.get(name)
        if result is not None and name in values and not np.array_equal(np.ravel(values[name]), np.ravel(result)):
            raise UnclearLabelsError(
                f"{file}: row {row.id} has '{name}' as a result of its calculator and, with another value, in its data: remove one."
            )
        if result is not None:
            values[name] = result
    return values


def _labels(values: list[dict[str, Any]], units: Mapping[str, Any], file: str, request: ReadRequest) -> Labels:
    """The names of energies and forces; those of SchNetPack databases are among the properties with units."""
    if not request.wants_labels:
        return Labels()
    first = {name: value for row in reversed(values) for name, value in row.items()}
    names = list(units) or list(dict.fromkeys(name for row in values for name in row))
    for key in (request.keys.energy, request.keys.forces):
        if key is not None and key.name not in names:
            raise missing_key(file, key, names)
    energies = [name for name in names if name in first and np.size(first[name]) == 1 and _is_numeric(first[name])]
    forces = [name for name in names if name in first and np.shape(first[name])[1:] == (3,)]
    return infer_labels(energies, forces, request, file)


def _is_numeric(value: Any) -> bool:
    return np.asarray(value).dtype.kind in "fiu"


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


def _frame(row: Any, values: dict[str, Any], labels: Labels, file: str) -> Frame:
    from ase import Atoms

    energy, forces = _scaled(values, labels.energy, file), _scaled(values, labels.forces, file)
    used = {key.name for key in (labels.energy, labels.forces) if key is not None} | set(_RESULTS)
    extras = {name: value for name, value in values.items() if name not in used}
    if energy is not None and energy.size and labels.unsmeared in values:
        beside = float(np.asarray(values[labels.unsmeared]).reshape(-1)[0])
        require_free_energy(float(energy.reshape(-1)[0]), beside, labels, file, f"row {row.id}")
        if extras.pop(labels.unsmeared, None) is not None:
            extras[f"unsmeared_{labels.unsmeared}"] = beside
    try:
        atoms = Atoms(row.numbers, row.positions, cell=row.cell, pbc=row.pbc, momenta=row.get("momenta"))
        return frame_of_atoms(
            atoms, float(energy.reshape(-1)[0]) if energy is not None and energy.size else None, forces, extras
        )
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
