"""Databases of ASE (.db), as ASE itself fills them and as SchNetPack does, which keeps its units in the metadata."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from supple.errors import DataError
from supple.reading.frames import Frame, raw_from_frames
from supple.reading.keys import Keys, infer_energy, infer_forces
from supple.reading.opening import opened
from supple.reading.raw import SILENT, Raw, Stated
from supple.reading.request import Request
from supple.units import Units


def load(path: Path, request: Request) -> Raw:
    """Read all rows, in their order.

    Raises:
        DataError: it is no database, or has no row with forces.
    """
    from ase.db import connect

    with opened(path) as file:
        if file.read(15) != b"SQLite format 3":
            raise DataError(f"{path.name} is no database of ASE (SQLite).")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            database = connect(str(path), type="db")
            metadata = dict(database.metadata)
            rows = list(database.select())
    except Exception as error:  # whatever a damaged database raises
        raise DataError(
            f"{path.name} cannot be read ({str(error).splitlines()[0] if str(error) else error})."
        ) from error
    units = metadata.get("_property_unit_dict")
    about = {
        key: str(value) for key, value in metadata.items() if isinstance(value, str | int | float) and key[0] != "_"
    }
    if isinstance(units, dict):
        return _of_schnetpack(rows, units, metadata, path.name, request, about)
    frames = _plain(rows, request.keys)
    return raw_from_frames(frames, path.name, request, convention=Units(), about=about)


def _plain(rows: list[Any], keys: Keys) -> Iterator[Frame]:
    """Rows as ASE writes them, in eV and Å."""
    for row in rows:
        energy = row.get("free_energy", row.get("energy"))
        forces = row.get("forces")
        if keys.energy:
            energy = _scaled(row.data.get(keys.energy.name, row.get(keys.energy.name)), keys.energy.factor)
        if keys.forces:
            forces = _scaled(row.data.get(keys.forces.name, row.get(keys.forces.name)), keys.forces.factor)
        yield _frame(row, energy, forces, set())


def _of_schnetpack(
    rows: list[Any], units: Mapping[str, str], metadata: Mapping[str, Any], name: str, request: Request,
    about: Mapping[str, str],
) -> Raw:  # fmt: skip
    """Rows as SchNetPack writes them: the properties in `data`, their units in the metadata."""
    keys = request.keys
    names = list(units)
    energy = keys.energy.name if keys.energy else infer_energy(names, name)
    forces = None
    if request.labels:
        forces = keys.forces.name if keys.forces else infer_forces(names, name)
    signs = (keys.energy.factor if keys.energy else 1.0, keys.forces.factor if keys.forces else 1.0)
    frames = (
        _frame(
            row,
            None if energy is None else _scaled(row.data.get(energy), signs[0]),
            None if forces is None else _scaled(row.data.get(forces), signs[1]),
            {energy, forces},
        )
        for row in rows
    )
    stated = SILENT
    if energy in units or forces in units:
        stated = Stated(
            energy=units.get(energy or ""), length=metadata.get("_distance_unit"), forces=units.get(forces or "")
        )
    return raw_from_frames(frames, name, request, stated=stated, convention=Units(), about=about)


def _frame(row: Any, energy: Any, forces: Any, used: set[str | None]) -> Frame:
    more: dict[str, Any] = dict(row.key_value_pairs)
    more |= {key: value for key, value in row.data.items() if key not in used and key[0] != "_"}
    if row.pbc.any():
        more["cell"] = np.asarray(row.cell).ravel()
    values = None if energy is None else np.asarray(energy, dtype=np.float64).reshape(-1)
    return Frame(
        np.asarray(row.numbers, dtype=np.int64),
        np.asarray(row.positions, dtype=np.float64),
        None if values is None or not len(values) else float(values[0]),
        None if forces is None else np.asarray(forces, dtype=np.float64).reshape(-1, 3),
        more,
    )


def _scaled(value: Any, factor: float) -> Any:
    return None if value is None else np.asarray(value, dtype=np.float64) * factor
