"""ASE databases as SchNetPack 2 has them: properties in the rows' data, their units in the metadata."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from supple.data.dataset import Dataset
from supple.data.units import Units
from supple.data.writing.ase_database import data_of_row, save_rows
from supple.data.writing.exact_numbers import in_unit
from supple.data.writing.file_format import FileFormat
from supple.data.writing.writable_extras import require_all_or_no_energies, require_forces, writable_extras
from supple.errors import DataError

#: Supple's names of units -> SchNetPack's, which are those of `ase.units`; it has no others.
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


def write(path: Path, dataset: Dataset, units: Units) -> list[str]:
    """Write rows with the properties `forces` and, if there are any, `energy`.

    Raises:
        DataError: there are no forces, only some frames have an energy, or SchNetPack does not support the units.
    """
    from ase import Atoms

    forces = in_unit(require_forces(path.name, dataset), units.forces_in_ev_per_angstrom)
    positions = in_unit(dataset.positions, units.length_in_angstrom)
    names = {"forces": f"{_name(units.force_energy)}/{_name(units.force_length)}"}
    energies = None
    if require_all_or_no_energies(path.name, dataset):
        energies = in_unit(dataset.energies, units.energy_in_ev)
        names = {"energy": _name(units.energy)} | names
    writable = writable_extras(dataset, {"energy", "forces", "atomrefs"})

    def rows() -> Iterator[tuple[Atoms, dict[str, Any]]]:
        for m in range(len(dataset)):
            labels: dict[str, np.ndarray] = {"forces": forces[m]}
            if energies is not None:
                labels["energy"] = energies[m : m + 1]
            yield Atoms(dataset.numbers, positions[m]), data_of_row(writable, m) | labels

    metadata = {"_distance_unit": _name(units.length), "_property_unit_dict": names, "atomrefs": {}, **writable.about}
    save_rows(path, rows(), metadata)
    return writable.left_out


def _name(unit: str) -> str:
    if unit not in _NAMES:
        raise DataError(f"SchNetPack does not support the unit {unit}: choose --out-units of {', '.join(_NAMES)}.")
    return _NAMES[unit]


SCHNETPACK = FileFormat(write, (".db",))
