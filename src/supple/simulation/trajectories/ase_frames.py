"""From ASE's Atoms to a trajectory: extended xyz and .traj files are both read by ASE."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import PropertyNotImplementedError
from jaxtyping import Float

from supple.data.units import Units
from supple.errors import DataError, UnitsError
from supple.simulation.trajectories.trajectory import Trajectory
from supple.simulation.trajectories.trajectory_file import require_finite


def read_atoms(path: Path, source: Path | StringIO, ase_format: str | None = None) -> Trajectory:
    """Read all frames by ASE.

    Args:
        path: the file, as error messages name it.
        source: what ASE reads: the path, or the unpacked content of the file.
        ase_format: ASE's name of the format; None to let ASE find out.

    Raises:
        DataError: the file is damaged, periodic, not in Å, or its frames are not of one molecule.
    """
    from ase.io import read

    try:
        frames: Any = read(source, index=":", format=ase_format)
    except Exception as error:  # ASE's readers raise anything
        message = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise DataError(f"{path} cannot be read as a trajectory ({message}). Is its last frame cut short?") from error
    if not frames:
        raise DataError(f"{path} contains no frames.")
    return _trajectory(list(frames), path)


def _trajectory(frames: list[Atoms], path: Path) -> Trajectory:
    numbers = frames[0].numbers
    for k, atoms in enumerate(frames):
        if not np.array_equal(atoms.numbers, numbers):
            raise DataError(f"{path}: frame {k} is of another molecule, or has its atoms in another order.")
        if atoms.pbc.any():
            raise DataError(f"{path}: frame {k} is periodic; only isolated molecules are analysed.")
    info = frames[0].info
    stated = Units.of(str(info.get("energy_unit", "eV")), str(info.get("length_unit", "Å")))
    if stated.length != "Å":
        raise DataError(f"{path} is in {stated.length}: convert it to Å first, with supple convert --out-units eV.")
    momenta = None
    if all(atoms.has("momenta") for atoms in frames):
        momenta = require_finite(np.array([atoms.get_momenta() for atoms in frames]), "momenta", path)
    energies = _scalars(frames, lambda atoms: atoms.calc.results["energy"] if atoms.calc else atoms.info["energy"])
    return Trajectory(
        name=path.name,
        numbers=np.asarray(numbers, dtype=np.int64),
        positions=require_finite(np.array([atoms.positions for atoms in frames]), "positions", path),
        masses=np.asarray(frames[0].get_masses()),
        momenta=momenta,
        energies=None if energies is None else energies * stated.energy_in_ev,
        forces=_forces(frames, stated),
        conserved=_scalars(frames, lambda atoms: atoms.info["conserved_eV"]),
        temperatures=_scalars(frames, lambda atoms: atoms.info["temperature_K"]),
        times=_scalars(frames, lambda atoms: atoms.info["time_fs"]),
    )


def _scalars(frames: list[Atoms], value: Callable[[Atoms], Any]) -> Float[np.ndarray, "M"] | None:
    """A number of each frame; None where a frame has none, or it is not finite."""
    try:
        found = np.array([float(value(atoms)) for atoms in frames])
    except (KeyError, TypeError, ValueError):
        return None
    return found if np.isfinite(found).all() else None


def _forces(frames: list[Atoms], stated: Units) -> Float[np.ndarray, "M N 3"] | None:
    """In eV/Å; None where a frame has none, or their unit is not known."""
    unit = frames[0].info.get("forces_unit")
    try:
        factor = Units.of(stated.energy, stated.length, unit and str(unit)).forces_in_ev_per_angstrom
        return factor * np.array([atoms.get_forces() for atoms in frames])
    except (RuntimeError, PropertyNotImplementedError, UnitsError):  # without a calculator, or from one without forces
        return None
