"""Datasets as sGDML 1.0 has them.

The fields: https://github.com/stefanch/sGDML, `io.dataset_md5` and `sgdml_dataset_from_extxyz`.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from supple.data.dataset import Dataset
from supple.data.units import Units
from supple.data.writing.file_format import FileFormat
from supple.data.writing.npz_archive import RESERVED, LabelledGeometries, save_arrays
from supple.data.writing.writable_extras import writable_extras
from supple.errors import DataError

#: Supple's names of length units -> sGDML's, where they differ.
_LENGTHS = {"Å": "Ang"}


def write(path: Path, dataset: Dataset, units: Units) -> list[str]:
    """Write a dataset that sGDML reads, also without energies.

    Raises:
        DataError: there are no forces, their unit is not energy per length, or only some frames have an energy.
    """
    if units.forces != Units.of(units.energy, units.length).forces:
        raise DataError(
            f"{path.name}: sGDML needs forces in energy per length, not in {units.forces}: choose other --out-units."
        )
    data = LabelledGeometries.of(dataset, units, path.name)
    content: dict[str, ArrayLike] = {
        "type": "d",
        "code_version": "1.0.3",
        "name": dataset.source.about.get("name", Path(dataset.source.name).name.split(".")[0]),
        "theory": dataset.source.theory or "unknown",
        "R": data.positions,
        "z": dataset.numbers.astype(np.uint8),
        "F": data.forces,
        **_statistics("F", data.forces),
        "r_unit": _LENGTHS.get(units.length, units.length),
        "e_unit": units.energy,
    }
    if data.energies is not None:
        content |= {"E": data.energies, **_statistics("E", data.energies)}
    content["md5"] = _md5(content)
    more = writable_extras(dataset, RESERVED | set(content), stated=("name", "theory"))
    save_arrays(path, {**content, **more.extras, **more.about})
    return more.left_out


def _statistics(name: str, values: np.ndarray) -> dict[str, ArrayLike]:
    return {f"{name}_{statistic}": getattr(values, statistic)() for statistic in ("min", "max", "mean", "var")}


def _md5(content: dict[str, ArrayLike]) -> bytes:
    """The fingerprint by which sGDML recognises a dataset."""
    digest = hashlib.md5(usedforsecurity=False)
    for key in ("z", "R", *(("E",) if "E" in content else ()), "F"):
        digest.update(hashlib.md5(np.ascontiguousarray(content[key]).ravel().tobytes(), usedforsecurity=False).digest())
    return digest.hexdigest().encode()


SGDML = FileFormat(write, (".npz",))
