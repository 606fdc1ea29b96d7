"""Models of the sGDML package (.npz, version 1.0): reading and writing.

    E = std Σ_jp d·v_jp 5/(3σ²) (1+q) e^{-q} + c ,   d = x - P_p x_j   (in the model's own length and energy unit)

is the form that Supple uses as well; only names and units differ. https://github.com/stefanch/sGDML
"""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from supple.data.reading.arrays.npz import open_npz
from supple.data.units import Units
from supple.errors import DataError, ModelFileError, UnitsError
from supple.models.kernel.matern import MATERN_5_2
from supple.models.kernel.molecular_kernel import MolecularKernel
from supple.models.kernel.potential import SGDMLPotential
from supple.models.kernel.stored_parts import require_group
from supple.models.provenance import Provenance
from supple.molecule.descriptors import InverseDistances
from supple.runtime.files import replacing

_NEEDED = ("type", "z", "R_desc", "R_d_desc_alpha", "sig", "std", "c", "perms")
_OPTIONAL = ("dataset_name", "idxs_valid", "lam", "code_version", "e_unit", "r_unit")
_UNSUPPORTED = {"lattice": "periodic", "alphas_E": "trained with energy constraints"}
_HOW = "train with --set metric=uniform --set descriptor=inverse-distances --set energies=integrated"
_LENGTHS = {"Ang": "Å", "angstrom": "Å"}


def load_sgdml_model(path: str | Path, units: Units | str | None = None) -> SGDMLPotential:
    """A force field that the sGDML package trained.

    Args:
        path: of the .npz file.
        units: of the model; as the file states when None.

    Raises:
        ModelFileError: it is not such a model, or of a kind that Supple does not support (periodic, energy-constrained).
        UnitsError: its units are not stated, and none were given.
    """
    path = Path(path)
    content = _content(path)
    unit = Units.parse(units) if units is not None else _stated(content, path)
    try:
        numbers = _array(content, "z", "iu")
        x, v = torch.tensor(_array(content, "R_desc", "f").T), torch.tensor(_array(content, "R_d_desc_alpha", "f"))
        permutations = np.atleast_2d(_array(content, "perms", "iu"))
        sigma, scale, constant = (_number(content, name) for name in ("sig", "std", "c"))
        _require_valid(numbers, x, v, permutations, sigma, scale)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ModelFileError(f"{path} is an sGDML model, but {error}: it is damaged.") from error
    length, energy = unit.length_in_angstrom, unit.energy_in_ev
    action = InverseDistances(len(numbers)).action(torch.tensor(permutations))
    potential = SGDMLPotential(
        numbers,
        MolecularKernel.uniform(sigma / length, action),
        x / length,
        v,
        action,
        scale=scale * energy / length,
        constant=constant * energy,
    )
    if not math.isfinite(constant):
        raise ModelFileError(f"{path} is an sGDML model, but c is {constant}: it is damaged.")
    potential.provenance = Provenance(
        data_name=str(content.get("dataset_name", path.name)),
        data_units=str(unit),
        n_train=len(x),
        n_valid=int(np.size(content.get("idxs_valid", ()))),
        settings={
            "sigma": sigma / length,
            "permutations": permutations.tolist(),
            **({"lam": _number(content, "lam")} if "lam" in content else {}),
        },
        versions={"sgdml": str(content.get("code_version", "unknown"))},
        notes=(f"Read from {path.name}, a model of the sGDML package; its training frames are not known.",),
    )
    potential.connectivity = potential.recovered_connectivity()
    return potential


def save_sgdml_model(potential: SGDMLPotential, path: str | Path, units: Units | str | None = None) -> None:
    """Write a force field for the sGDML package.

    Args:
        potential: to be written.
        path: of the .npz file, replaced in one step.
        units: energy and length to write in; those of the training data's file when None. The package takes positions
            in this length and gives energies in this unit.

    Raises:
        ModelFileError: the package does not support such models: another descriptor, or learned energies.
    """
    provenance, module = potential.provenance, potential.module
    if not isinstance(module.descriptor, InverseDistances) or not module.descriptor.all_pairs:
        raise ModelFileError(
            f"The sGDML package only supports inverse distances of all pairs as descriptor: {_HOW} to export."
        )
    sigma = module.kernel.sigma
    if sigma is None or module.kernel.function != MATERN_5_2:
        raise ModelFileError(
            f"The sGDML package only supports a Matérn 5/2 kernel with one length scale, and this force field has a learned metric: {_HOW} "
            "to export."
        )
    if module.w is not None:
        raise ModelFileError(
            f"This force field has learned energies, which the sGDML package does not support: {_HOW} to export."
        )
    unit = Units.parse(units or provenance.data_units)
    length, energy = unit.length_in_angstrom, unit.energy_in_ev
    permutations = _permutations(potential)
    n_entries = module.x.shape[1]
    action = module.action.cpu().numpy()
    offsets = np.arange(len(action))[:, None] * n_entries
    x = module.x.cpu().numpy() * length
    fingerprint = hashlib.md5(provenance.data_fingerprint.encode(), usedforsecurity=False).hexdigest().encode()
    content: dict[str, Any] = {
        "type": "m",
        "code_version": "1.0.3",
        "dataset_name": provenance.data_name,
        "dataset_theory": "unknown",
        "solver_name": "analytic",
        "z": potential.numbers.astype(np.uint8),
        "idxs_train": np.arange(len(x)),
        "md5_train": fingerprint,
        "idxs_valid": np.arange(provenance.n_valid),
        "md5_valid": fingerprint,
        "n_test": 0,
        "md5_test": "",
        "f_err": {"mae": np.nan, "rmse": np.nan},
        "e_err": {"mae": np.nan, "rmse": np.nan},
        "R_desc": x.T,
        "R_d_desc_alpha": module.v.cpu().numpy(),
        "c": float(module.constant) / energy,
        "std": float(module.scale) * length / energy,
        "sig": sigma * length,
        "lam": float(str(provenance.settings.get("lam", 1e-10))),
        "perms": permutations,
        "tril_perms_lin": (action + offsets).T.ravel(),
        "use_E": True,
        "r_unit": next((theirs for theirs, ours in _LENGTHS.items() if ours == unit.length), unit.length),
        "e_unit": unit.energy,
    }
    with replacing(Path(path)) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **content)


def _permutations(potential: SGDMLPotential) -> np.ndarray:
    """The permutations of the atoms; a potential itself keeps only their action on the descriptor."""
    kept = potential.provenance.settings.get("permutations")
    if isinstance(kept, list):
        return np.array(kept, dtype=np.int64)
    if len(potential.module.action) == 1:
        return np.arange(len(potential.numbers))[None]
    raise ModelFileError(
        "This force field does not state the permutations of atoms that it was trained with, so it cannot be exported: train again."
    )


def _content(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ModelFileError(f"There is no model file {path}.")
    try:
        with open_npz(path) as archive:
            found = {name: archive.array(name) for name in (*_NEEDED, *_OPTIONAL) if name in archive.names}
            unsupported = [what for name, what in _UNSUPPORTED.items() if name in archive.names]
    except DataError as error:
        raise ModelFileError(f"{path} is not a model of the sGDML package ({str(error).rstrip('.')}).") from error
    missing = [name for name in _NEEDED if name not in found]
    if missing or str(found["type"]) != "m":
        raise ModelFileError(
            f"{path} is not a model of the sGDML package" + (f" (it lacks {missing[0]})." if missing else ".")
        )
    if unsupported:
        raise ModelFileError(
            f"{path} is {unsupported[0]}: Supple only reads models of molecules that were trained on forces."
        )
    return found


def _array(content: dict[str, Any], name: str, kinds: str) -> np.ndarray:
    """An array of whole (`iu`) or real (`f`) numbers, in double precision."""
    values = np.asarray(content[name])
    if values.dtype.kind not in kinds:
        raise TypeError(f"{name} holds {values.dtype} values")
    return values.astype(np.int64 if kinds == "iu" else np.float64)


def _number(content: dict[str, Any], name: str) -> float:
    values = np.asarray(content[name])
    if values.size != 1 or values.dtype.kind not in "iuf":
        raise TypeError(f"{name} is not a number")
    return float(values.reshape(()))


def _require_valid(
    numbers: Int[np.ndarray, "N"],
    x: Tensor,
    v: Tensor,
    permutations: Int[np.ndarray, "P N"],
    sigma: float,
    scale: float,
) -> None:
    """Refuse what is no force field of a molecule.

    Raises:
        ValueError: with what is wrong.
    """
    n_atoms = len(numbers)
    if numbers.ndim != 1 or numbers.min(initial=1) < 1 or numbers.max(initial=1) > 118:
        raise ValueError("an atom is of no element")
    if x.ndim != 2 or not len(x) or x.shape != v.shape or x.shape[1] != n_atoms * (n_atoms - 1) // 2:
        raise ValueError("its arrays do not match")
    if not (x.isfinite().all() and v.isfinite().all()):
        raise ValueError("it holds numbers that are not finite")
    for name, value in (("sig", sigma), ("std", scale)):
        if not 0 < value < math.inf:
            raise ValueError(f"{name} is {value}")
    if permutations.shape[1] != n_atoms:
        raise ValueError("its permutations are not of its atoms")
    require_group(permutations)
    if not np.array_equal(numbers[permutations], np.broadcast_to(numbers, permutations.shape)):
        raise ValueError("a permutation takes atoms to those of another element")


def _stated(content: dict[str, Any], path: Path) -> Units:
    energy, length = str(content.get("e_unit", "")), str(content.get("r_unit", ""))
    if not energy or energy == "unknown":
        raise UnitsError(f"{path.name} does not state its units: give them, for instance as --units kcal/mol.")
    return Units.of(energy, _LENGTHS.get(length, length) if length and length != "unknown" else "Å")
