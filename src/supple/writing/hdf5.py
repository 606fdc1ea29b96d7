"""HDF5 as SPICE stores molecules: a group with conformations, total energies and gradients, each stating its unit."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from supple.dataset import Dataset
from supple.errors import DataError, SettingsError
from supple.files import replacing
from supple.units import Units
from supple.writing.numbers import in_unit


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
    if dataset.forces is None:
        raise DataError(f"{path.name}: such files hold forces, and {dataset.source.name} has none.")
    del units
    atomic = Units.of("hartree", "bohr")
    arrays = {
        "conformations": (in_unit(dataset.positions, atomic.length_in_angstrom), "bohr"),
        "dft_total_gradient": (-in_unit(dataset.forces, atomic.forces_in_ev_per_angstrom), "hartree/bohr"),
    }
    if dataset.has_energies:
        arrays["dft_total_energy"] = (in_unit(dataset.energies, atomic.energy_in_ev), "hartree")
    with replacing(path) as temporary, h5py.File(temporary, "w") as file:
        group = file.create_group(Path(dataset.source.name).name.split(".")[0] or "molecule")
        group.create_dataset("atomic_numbers", data=dataset.numbers.astype(np.int16))
        for name, (values, unit) in arrays.items():
            group.create_dataset(name, data=values).attrs["units"] = unit
        for name, values in dataset.extras.items():
            text = values.dtype.kind == "U"
            group.create_dataset(name, data=values.astype(h5py.string_dtype()) if text else values)
        for name, word in dataset.source.about.items():
            group.create_dataset(name, data=np.array([word], dtype=h5py.string_dtype()))
    return []
