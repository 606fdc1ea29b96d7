"""Archives of NumPy arrays, and the labels that they hold."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from supple.data.dataset import Dataset
from supple.data.units import Units
from supple.data.writing.exact_numbers import in_unit
from supple.data.writing.writable_extras import require_all_or_no_energies, require_forces
from supple.runtime.files import replacing

#: Names that mean something in such archives, in one format or another.
RESERVED = frozenset({
    "type", "code_version", "md5", "r_unit", "e_unit", "z", "R", "E", "F", "lattice", "perms",
    "nuclear_charges", "coords", "energies", "forces", "numbers", "positions", "energy", "atomic_numbers",
    *(f"{quantity}_{statistic}" for quantity in "EF" for statistic in ("min", "max", "mean", "var")),
})  # fmt: skip


@dataclass(frozen=True, eq=False)
class LabelledGeometries:
    """Geometries with labels, in the units of a file.

    Attributes:
        positions, forces: shape (M, N, 3).
        energies: shape (M,); None if the dataset has none.
    """

    positions: Float[np.ndarray, "M N 3"]
    forces: Float[np.ndarray, "M N 3"]
    energies: Float[np.ndarray, "M"] | None

    @classmethod
    def of(cls, dataset: Dataset, units: Units, name: str) -> LabelledGeometries:
        """Those of a dataset.

        Raises:
            DataError: there are no forces, or only some frames have an energy.
        """
        has_energies = require_all_or_no_energies(name, dataset)
        return cls(
            in_unit(dataset.positions, units.length_in_angstrom),
            in_unit(require_forces(name, dataset), units.forces_in_ev_per_angstrom),
            in_unit(dataset.energies, units.energy_in_ev) if has_energies else None,
        )


def save_arrays(path: Path, arrays: Mapping[str, ArrayLike]) -> None:
    """Write an archive in one step; equal arrays give equal files."""
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, values in arrays.items():
            info = zipfile.ZipInfo(f"{name}.npy")  # without a date
            info.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(values), allow_pickle=False)
