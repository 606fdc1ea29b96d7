"""Databases of ASE: as ASE fills them, and as SchNetPack 2 does."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from supple.data.dataset import Dataset
from supple.data.units import Units
from supple.data.writing.exact_numbers import in_unit
from supple.data.writing.file_format import FileFormat
from supple.data.writing.writable_extras import Rest, require_all_or_no_energies, require_forces, rest_of
from supple.errors import DataError
from supple.runtime.files import replacing

#: SchNetPack's names of units are those of `ase.units`; it has no others.
_NAMES = {
    "eV": "eV",
    "kcal/mol": "kcal/mol",
    "kJ/mol": "kJ/mol",
    "hartree": "Hartree",
    "Ry": "Ry",
    "Å": "Ang",
    "bohr": "Bohr",
    "nm": "nm",
}


def write_ase(path: Path, dataset: Dataset, units: Units) -> list[str]:
    """Rows with an energy and forces; always in eV and Å, as ASE has them."""
    from ase import Atoms
    from ase.calculators.singlepoint import SinglePointCalculator

    del units

    rest = rest_of(dataset, {"energy", "free_energy", "forces"})

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
            database.write(atoms, data=_of_frame(rest, m))

    _write(path, rows, dict(rest.about))
    return rest.left_out


def write_schnetpack(path: Path, dataset: Dataset, units: Units) -> list[str]:
    """Rows with the properties `energy` and `forces`, their units in the metadata.

    Raises:
        DataError: there are no forces, some energies are not known, or SchNetPack does not know the units.
    """
    from ase import Atoms

    forces = in_unit(require_forces(path.name, dataset), units.forces_in_ev_per_angstrom)
    positions = in_unit(dataset.positions, units.length_in_angstrom)
    names = {"forces": f"{_name(units.force_energy)}/{_name(units.force_length)}"}
    energies = None
    if require_all_or_no_energies(path.name, dataset):
        energies = in_unit(dataset.energies, units.energy_in_ev)
        names = {"energy": _name(units.energy)} | names
    rest = rest_of(dataset, {"energy", "forces", "atomrefs"})
    metadata = {"_distance_unit": _name(units.length), "_property_unit_dict": names, "atomrefs": {}, **rest.about}

    def rows(database: Any) -> None:
        for m in range(len(dataset)):
            labels = {"forces": forces[m]} | ({} if energies is None else {"energy": energies[m : m + 1]})
            database.write(Atoms(dataset.numbers, positions[m]), data=_of_frame(rest, m) | labels)

    _write(path, rows, metadata)
    return rest.left_out


def _name(unit: str) -> str:
    if unit not in _NAMES:
        raise DataError(f"SchNetPack has no unit {unit}: choose --out-units of {', '.join(_NAMES)}.")
    return _NAMES[unit]


def _of_frame(rest: Rest, m: int) -> dict[str, Any]:
    """What else is known of a frame."""
    more = {name: values[m] for name, values in rest.extras.items()}
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


ASE = FileFormat(write_ase, (".db",), Units())
SCHNETPACK = FileFormat(write_schnetpack, (".db",))
