"""Archives of NumPy arrays: datasets as sGDML 1.0 has them, and as revised MD17 is distributed.

The fields of sGDML datasets: https://github.com/stefanch/sGDML, `io.dataset_md5` and `sgdml_dataset_from_extxyz`.
"""

from __future__ import annotations

import hashlib
import zipfile
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

#: What sGDML calls units.
_LENGTHS = {"Å": "Ang", "bohr": "bohr"}
#: Names that mean something in such archives, in one format or another.
_TAKEN = {
    "type", "code_version", "md5", "r_unit", "e_unit", "z", "R", "E", "F", "lattice", "perms",
    "nuclear_charges", "coords", "energies", "forces", "numbers", "positions", "energy", "atomic_numbers",
    *(f"{quantity}_{what}" for quantity in "EF" for what in ("min", "max", "mean", "var")),
}  # fmt: skip


def write_sgdml(path: Path, dataset: Dataset, units: Units) -> list[str]:
    """A dataset that sGDML reads. Without energies it has none; forces must be in energy per length.

    Raises:
        DataError: there are no forces, their unit is another one, or some energies are not known.
    """
    if units.forces != Units.of(units.energy, units.length).forces:
        raise DataError(
            f"{path.name}: sGDML takes forces in energy per length, not {units.forces}: choose --out-units."
        )
    fields = _labels(path, dataset, units)
    energies = fields.get("energies")
    content: dict[str, Any] = {
        "type": "d",
        "code_version": "1.0.3",
        "name": dataset.source.about.get("name", Path(dataset.source.name).name.split(".")[0]),
        "theory": dataset.source.theory or "unknown",
        "R": fields["positions"],
        "z": dataset.numbers.astype(np.uint8),
        "F": fields["forces"],
        "F_min": fields["forces"].min(), "F_max": fields["forces"].max(),
        "F_mean": fields["forces"].mean(), "F_var": fields["forces"].var(),
        "r_unit": _LENGTHS.get(units.length, units.length),
        "e_unit": units.energy,
    }  # fmt: skip
    if energies is not None:
        content |= {
            "E": energies, "E_min": energies.min(), "E_max": energies.max(),
            "E_mean": energies.mean(), "E_var": energies.var(),
        }  # fmt: skip
    content["md5"] = _md5(content)
    rest = rest_of(dataset, _TAKEN | set(content), said=("name", "theory"))
    _save(path, content, rest)
    return rest.left_out


def write_rmd17(path: Path, dataset: Dataset, units: Units) -> list[str]:
    """Arrays named as in revised MD17; always in kcal/mol and Å, for such files state no units.

    Raises:
        DataError: there are no forces, or some energies are not known.
    """
    fields = _labels(path, dataset, units)
    content: dict[str, Any] = {
        "nuclear_charges": dataset.numbers,
        "coords": fields["positions"],
        "forces": fields["forces"],
    }
    if "old_indices" not in dataset.extras:  # by it such files are known
        content["old_indices"] = dataset.frames
    if "energies" in fields:
        content["energies"] = fields["energies"]
    rest = rest_of(dataset, _TAKEN | set(content))
    _save(path, content, rest)
    return rest.left_out


def _labels(path: Path, dataset: Dataset, units: Units) -> dict[str, np.ndarray]:
    fields = {
        "positions": in_unit(dataset.positions, units.length_in_angstrom),
        "forces": in_unit(require_forces(path.name, dataset), units.forces_in_ev_per_angstrom),
    }
    if require_all_or_no_energies(path.name, dataset):
        fields["energies"] = in_unit(dataset.energies, units.energy_in_ev)
    return fields


def _md5(content: dict[str, Any]) -> bytes:
    """The fingerprint by which sGDML knows a dataset again."""
    digest = hashlib.md5(usedforsecurity=False)
    for key in ("z", "R", *(("E",) if "E" in content else ()), "F"):
        digest.update(hashlib.md5(np.ascontiguousarray(content[key]).ravel().tobytes(), usedforsecurity=False).digest())
    return digest.hexdigest().encode()


def _save(path: Path, content: dict[str, Any], rest: Rest) -> None:
    arrays = {**content, **rest.extras, **rest.about}
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, values in arrays.items():
            info = zipfile.ZipInfo(f"{name}.npy")  # of no date, so that equal data give equal files
            info.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(values), allow_pickle=False)


SGDML = FileFormat(write_sgdml, (".npz",))
RMD17 = FileFormat(write_rmd17, (".npz",), Units.of("kcal/mol"))
