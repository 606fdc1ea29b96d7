"""HDF5 as SPICE stores molecules: a group with conformations, total energies and gradients, each with its unit.

Eastman et al., Sci. Data 10, 11 (2023), doi 10.1038/s41597-022-01882-6.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from supple.data.dataset import Dataset
from supple.data.units import Units
from supple.data.writing.exact_numbers import in_unit
from supple.data.writing.file_format import FileFormat
from supple.data.writing.writable_extras import require_forces, writable_extras
from supple.runtime.files import replacing
from supple.runtime.hdf5 import writing_hdf5
from supple.runtime.optional_dependencies import extra

_RESERVED = {"atomic_numbers", "conformations", "dft_total_energy", "dft_total_gradient", "name"}


def write(path: Path, dataset: Dataset, units: Units) -> list[str]:
    """Write one group, named after the dataset; instead of forces it has gradients, their negative.

    Raises:
        DataError: there are no forces.
        SettingsError: h5py is not installed.
    """
    with extra("hdf5", "h5py", f"Writing {path.name}"):
        import h5py
    forces = require_forces(path.name, dataset)
    arrays = {
        "conformations": (in_unit(dataset.positions, units.length_in_angstrom), units.length),
        "dft_total_gradient": (-in_unit(forces, units.forces_in_ev_per_angstrom), units.forces),
    }
    if dataset.has_energies:
        arrays["dft_total_energy"] = (in_unit(dataset.energies, units.energy_in_ev), units.energy)
    more = writable_extras(dataset, _RESERVED, stated=("name",))
    with replacing(path) as temporary, writing_hdf5(temporary, "w") as file:
        group = file.create_group(_molecule_name(dataset))
        group.create_dataset("atomic_numbers", data=dataset.numbers.astype(np.int16))
        for name, (values, unit) in arrays.items():
            group.create_dataset(name, data=values).attrs["units"] = unit
        for name, values in more.extras.items():
            is_text = values.dtype.kind == "U"
            group.create_dataset(_without_slashes(name), data=values.astype(h5py.string_dtype()) if is_text else values)
        for name, text in more.about.items():
            group.create_dataset(_without_slashes(name), data=np.array([text], dtype=h5py.string_dtype()))
    return more.left_out


def _molecule_name(dataset: Dataset) -> str:
    """The name that the dataset states, or that of its file."""
    name = dataset.source.about.get("name") or Path(dataset.source.name).name.partition(".")[0]
    return _without_slashes(name).strip(". ") or "molecule"


def _without_slashes(name: str) -> str:
    """A name that HDF5 does not take for a path, nor h5py for a selection."""
    return "".join("_" if c in "/*?[]\0" else c for c in name)


SPICE = FileFormat(write, (".h5", ".hdf5"), Units.of("hartree", "bohr"))
