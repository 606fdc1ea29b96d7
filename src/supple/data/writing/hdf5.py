"""HDF5 as SPICE stores molecules: a group with conformations, total energies and gradients, each stating its unit."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from supple.data.dataset import Dataset
from supple.data.units import Units
from supple.data.writing.exact_numbers import in_unit
from supple.data.writing.file_format import FileFormat
from supple.data.writing.writable_extras import require_forces, rest_of
from supple.errors import SettingsError
from supple.runtime.files import replacing


def write_spice(path: Path, dataset: Dataset, units: Units) -> list[str]:
    """One group, named after the dataset; forces are kept as gradients, their negative. Always in hartree and bohr.

    Raises:
        DataError: there are no forces.
        SettingsError: h5py is not installed.
    """
    try:
        import h5py
    except ImportError as error:
        raise SettingsError(f"{path.name} is HDF5: writing it needs h5py: pip install 'supple[hdf5]'.") from error
    forces = require_forces(path.name, dataset)
    arrays = {
        "conformations": (in_unit(dataset.positions, units.length_in_angstrom), "bohr"),
        "dft_total_gradient": (-in_unit(forces, units.forces_in_ev_per_angstrom), "hartree/bohr"),
    }
    if dataset.has_energies:
        arrays["dft_total_energy"] = (in_unit(dataset.energies, units.energy_in_ev), "hartree")
    rest = rest_of(
        dataset, {"atomic_numbers", "conformations", "dft_total_energy", "dft_total_gradient", "name"}, said=("name",)
    )
    with replacing(path) as temporary, h5py.File(temporary, "w") as file:
        group = file.create_group(_name(dataset))
        group.create_dataset("atomic_numbers", data=dataset.numbers.astype(np.int16))
        for name, (values, unit) in arrays.items():
            group.create_dataset(name, data=values).attrs["units"] = unit
        for name, values in rest.extras.items():
            text = values.dtype.kind == "U"
            group.create_dataset(_word(name), data=values.astype(h5py.string_dtype()) if text else values)
        for name, word in rest.about.items():
            group.create_dataset(_word(name), data=np.array([word], dtype=h5py.string_dtype()))
    return rest.left_out


def _name(dataset: Dataset) -> str:
    """The molecule's name, or that of its file."""
    said = dataset.source.about.get("name") or Path(dataset.source.name).name.partition(".")[0]
    return _word(said).strip(". ") or "molecule"


def _word(name: str) -> str:
    """A name that is not taken for a path."""
    return "".join("_" if c in "/*?[]\0" else c for c in name)


SPICE = FileFormat(write_spice, (".h5", ".hdf5"), Units.of("hartree", "bohr"))
