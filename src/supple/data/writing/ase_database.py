"""ASE databases: rows with the results of a calculator."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from supple.data.dataset import Dataset
from supple.data.units import Units
from supple.data.writing.file_format import FileFormat
from supple.data.writing.writable_extras import WritableExtras, writable_extras
from supple.runtime.files import replacing


def write(path: Path, dataset: Dataset, units: Units) -> list[str]:
    """Write rows with energies and forces, in eV and Å, as ASE has them."""
    from ase import Atoms
    from ase.calculators.singlepoint import SinglePointCalculator

    del units  # a dataset is in eV and Å
    writable = writable_extras(dataset, {"energy", "free_energy", "forces"})

    def rows() -> Iterator[tuple[Atoms, dict[str, Any]]]:
        for m in range(len(dataset)):
            atoms = Atoms(dataset.numbers, dataset.positions[m])
            results: dict[str, Any] = {}
            if math.isfinite(dataset.energies[m]):
                results["energy"] = float(dataset.energies[m])
            if dataset.forces is not None:
                results["forces"] = np.array(dataset.forces[m])
            if results:
                atoms.calc = SinglePointCalculator(atoms, **results)
            yield atoms, data_of_row(writable, m)

    save_rows(path, rows(), writable.about)
    return writable.left_out


def data_of_row(writable: WritableExtras, m: int) -> dict[str, Any]:
    """The extras of a frame, with the types that ASE stores in the data of a row."""
    values = {name: array[m] for name, array in writable.extras.items()}
    return {
        name: str(value) if isinstance(value, np.str_) else np.asarray(value) if np.ndim(value) else value.item()
        for name, value in values.items()
    }


def save_rows(path: Path, rows: Iterable[tuple[Any, dict[str, Any]]], metadata: Mapping[str, Any]) -> None:
    """Write a database in one step.

    Args:
        path: of the file to write or replace.
        rows: `ase.Atoms`, and the data of the row.
        metadata: of the database.
    """
    from ase.db import connect

    with replacing(path) as temporary:
        temporary.unlink()  # ASE creates the file itself
        with connect(str(temporary), type="db", use_lock_file=False) as database:
            for atoms, data in rows:
                database.write(atoms, data=data)
        connect(str(temporary), type="db", use_lock_file=False).metadata = dict(metadata)


ASE = FileFormat(write, (".db",), Units())
