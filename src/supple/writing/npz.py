"""Archives of NumPy arrays: datasets as sGDML 1.0 has them, and as revised MD17 is distributed.

The fields of sGDML datasets: https://github.com/stefanch/sGDML, `io.dataset_md5` and `sgdml_dataset_from_extxyz`.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from supple.dataset import Dataset
from supple.errors import DataError
from supple.files import replacing
from supple.units import Units
from supple.writing.numbers import in_unit

#: What sGDML calls units.
_LENGTHS = {"Å": "Ang", "bohr": "bohr"}
_RESERVED = {"type", "code_version", "name", "theory", "R", "z", "F", "E", "md5", "r_unit", "e_unit"}


def write_sgdml(path: Path, dataset: Dataset, units: Units) -> list[str]:
    """A dataset that sGDML reads. Without energies it has none; forces must be in energy per length.

    Raises:
        DataError: there are no forces, their unit is another one, or some energies are not known.
    """
    _require_forces(path, dataset)
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
    return _save(path, content, dataset, _RESERVED)


def write_rmd17(path: Path, dataset: Dataset, units: Units) -> list[str]:
    """Arrays named as in revised MD17; always in kcal/mol and Å, for such files state no units.

    Raises:
        DataError: there are no forces, or some energies are not known.
    """
    _require_forces(path, dataset)
    fields = _labels(path, dataset, Units.of("kcal/mol"))
    content: dict[str, Any] = {
        "nuclear_charges": dataset.numbers,
        "coords": fields["positions"],
        "forces": fields["forces"],
        "old_indices": dataset.frames,
    }
    if "energies" in fields:
        content["energies"] = fields["energies"]
    return _save(path, content, dataset, set())


def _require_forces(path: Path, dataset: Dataset) -> None:
    if dataset.forces is None:
        raise DataError(f"{path.name}: such files hold forces, and {dataset.source.name} has none.")


def _labels(path: Path, dataset: Dataset, units: Units) -> dict[str, np.ndarray]:
    assert dataset.forces is not None
    known = np.isfinite(dataset.energies)
    if known.any() and not known.all():
        raise DataError(
            f"{path.name}: such files hold an energy for every frame, and {int((~known).sum())} are not known: write "
            "extended xyz (--to extxyz), or leave these frames out."
        )
    fields = {
        "positions": in_unit(dataset.positions, units.length_in_angstrom),
        "forces": in_unit(dataset.forces, units.forces_in_ev_per_angstrom),
    }
    if known.all():
        fields["energies"] = in_unit(dataset.energies, units.energy_in_ev)
    return fields


def _md5(content: dict[str, Any]) -> bytes:
    """The fingerprint by which sGDML knows a dataset again."""
    digest = hashlib.md5(usedforsecurity=False)
    for key in ("z", "R", *(("E",) if "E" in content else ()), "F"):
        digest.update(hashlib.md5(np.ascontiguousarray(content[key]).ravel().tobytes(), usedforsecurity=False).digest())
    return digest.hexdigest().encode()


def _save(path: Path, content: dict[str, Any], dataset: Dataset, reserved: set[str]) -> list[str]:
    free = {name: values for name, values in dataset.extras.items() if name not in content}
    about = {name: text for name, text in dataset.source.about.items() if name not in content and name not in reserved}
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **content, **free, **about)  # type: ignore[arg-type]
    return sorted(set(dataset.extras) - set(free))
