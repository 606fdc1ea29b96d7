"""Databases of ASE: as ASE fills them, and as SchNetPack 2 does."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from supple.dataset import Dataset
from supple.errors import DataError
from supple.files import replacing
from supple.units import Units
from supple.writing.numbers import in_unit


def write_ase(path: Path, dataset: Dataset, units: Units) -> list[str]:
    """Rows with an energy and forces; always in eV and Å, as ASE has them."""
    from ase import Atoms
    from ase.calculators.singlepoint import SinglePointCalculator

    del units

    def rows(database: Any) -> None:
        for m in range(len(dataset)):
            atoms = Atoms(dataset.numbers, dataset.positions[m])
            results: dict[str, Any] = {}
            if math.isfinite(dataset.energies[m]):
                results["energy"] = float(dataset.energies[m])
            if dataset.forces is not None:
                results["forces"] = np.array(dataset.forces[m])
            if results:
                atoms.calc = SinglePointCalculator(atoms, **results)
            database.write(atoms, data=_more(dataset, m))

    _write(path, rows, dict(dataset.source.about))
    return []


def write_schnetpack(path: Path, dataset: Dataset, units: Units) -> list[str]:
    """Rows with the properties `energy` and `forces`, their units in the metadata.

    Raises:
        DataError: there are no forces, or some energies are not known.
    """
    from ase import Atoms

    if dataset.forces is None:
        raise DataError(f"{path.name}: such files hold forces, and {dataset.source.name} has none.")
    known = np.isfinite(dataset.energies)
    if known.any() and not known.all():
        raise DataError(
            f"{path.name}: such files hold an energy for every frame, and {int((~known).sum())} are not known: write "
            "extended xyz (--to extxyz), or leave these frames out."
        )
    positions = in_unit(dataset.positions, units.length_in_angstrom)
    energies = in_unit(dataset.energies, units.energy_in_ev)
    forces = in_unit(dataset.forces, units.forces_in_ev_per_angstrom)
    names = {"energy": units.energy, "forces": units.forces.replace("Å", "Ang")}
    if not known.all():
        del names["energy"]
    metadata = {
        "_distance_unit": units.length.replace("Å", "Ang"),
        "_property_unit_dict": names,
        "atomrefs": {},
        **dataset.source.about,
    }

    def rows(database: Any) -> None:
        for m in range(len(dataset)):
            data = {"forces": forces[m]} | ({"energy": energies[m : m + 1]} if "energy" in names else {})
            database.write(Atoms(dataset.numbers, positions[m]), data=_more(dataset, m) | data)

    _write(path, rows, metadata)
    return []


def _more(dataset: Dataset, m: int) -> dict[str, Any]:
    """What else is known of a frame."""
    more = {name: values[m] for name, values in dataset.extras.items()}
    return {
        name: str(v) if isinstance(v, np.str_) else np.asarray(v) if np.ndim(v) else v.item()
        for name, v in more.items()
    }


def _write(path: Path, rows: Any, metadata: dict[str, Any]) -> None:
    from ase.db import connect

    with replacing(path) as temporary:
        temporary.unlink()  # a database is made by opening it
        with connect(str(temporary), type="db", use_lock_file=False) as database:
            rows(database)
        connect(str(temporary), type="db", use_lock_file=False).metadata = metadata
