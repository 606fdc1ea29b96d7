"""Trajectories as they are found on disk: positions always; momenta, energies and times where the file has them."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import atomic_masses
from jaxtyping import Float, Int

from supple.data.units import Units
from supple.errors import DataError

#: What ASE reads with momenta; whatever else there is has geometries alone.
_WITH_MOMENTA = (".xyz", ".extxyz", ".traj", ".xyz.gz", ".extxyz.gz")
#: Times are equally spaced when no step differs from the mean by more than this part of it.
_EVEN = 1e-3


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Frames of one molecule in the order of time.

    Attributes:
        name: of the file.
        numbers: atomic numbers, shape (N,).
        positions: Å, shape (M, N, 3).
        momenta: in ASE's unit, √(eV u), shape (M, N, 3); None where a frame has none.
        masses: u, shape (N,).
        energies: potential energies, eV, shape (M,); None where a frame has none.
        conserved: what exact integration would leave as it is, eV, shape (M,), where the file says it.
        times: fs, shape (M,), where the file or the user says them.
    """

    name: str
    numbers: Int[np.ndarray, "N"]
    positions: Float[np.ndarray, "M N 3"]
    masses: Float[np.ndarray, "N"]
    momenta: Float[np.ndarray, "M N 3"] | None = None
    energies: Float[np.ndarray, "M"] | None = None
    conserved: Float[np.ndarray, "M"] | None = None
    times: Float[np.ndarray, "M"] | None = None

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def velocities(self) -> Float[np.ndarray, "M N 3"] | None:
        """In ASE's unit, √(eV/u)."""
        return None if self.momenta is None else self.momenta / self.masses[:, None]

    @property
    def kinetic(self) -> Float[np.ndarray, "M"] | None:
        """Kinetic energies, eV."""
        return None if self.momenta is None else 0.5 * (self.momenta**2 / self.masses[:, None]).sum(axis=(1, 2))

    @property
    def step(self) -> float | None:
        """Fs from frame to frame; None where times are not known or not equally spaced."""
        if self.times is None or len(self) < 2:
            return None
        steps = np.diff(self.times)
        mean = float(steps.mean())
        return mean if mean > 0 and np.abs(steps - mean).max() <= _EVEN * mean else None

    def part(self, frames: slice) -> Trajectory:
        """Some of the frames."""

        def cut(values: np.ndarray | None) -> np.ndarray | None:
            return None if values is None else values[frames]

        return replace(
            self, positions=self.positions[frames], momenta=cut(self.momenta), energies=cut(self.energies),
            conserved=cut(self.conserved), times=cut(self.times),
        )  # fmt: skip


def read_trajectory(path: Path, frame_time: float | None = None) -> Trajectory:
    """Read a trajectory.

    Args:
        path: extended xyz or ASE's .traj, with momenta where there are any; geometries alone from whatever else
            `supple.read` reads.
        frame_time: fs between frames, where the file does not say it; overrides what it says.

    Raises:
        DataError: the file is missing, damaged, periodic, or its frames are not of one molecule.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"There is no trajectory {path}.")
    if not path.name.lower().endswith(_WITH_MOMENTA):
        return _geometries(path, frame_time)
    frames = _frames(path)
    numbers = frames[0].numbers
    for k, atoms in enumerate(frames):
        if not np.array_equal(atoms.numbers, numbers):
            raise DataError(f"{path}: frame {k} is of another molecule, or has its atoms in another order.")
        if atoms.pbc.any():
            raise DataError(f"{path}: frame {k} is periodic; only molecules alone in space are analysed.")
    energy_unit = Units.of(str(frames[0].info.get("energy_unit", "eV"))).energy_in_ev
    length = str(frames[0].info.get("length_unit", "Angstrom"))
    if Units.of("eV", length).length != "Å":
        raise DataError(f"{path} is in {length}: write it in Å first, with supple convert --out-units eV.")
    positions = _finite(np.array([atoms.positions for atoms in frames]), "positions", path)
    has_momenta = all(atoms.has("momenta") for atoms in frames)
    momenta = _finite(np.array([atoms.get_momenta() for atoms in frames]), "momenta", path) if has_momenta else None
    energies = _each(frames, lambda atoms: atoms.calc.results["energy"] if atoms.calc else atoms.info["energy"])
    return Trajectory(
        name=path.name,
        numbers=np.asarray(numbers, dtype=np.int64),
        positions=positions,
        masses=np.asarray(frames[0].get_masses()),
        momenta=momenta,
        energies=None if energies is None else energies * energy_unit,
        conserved=_each(frames, lambda atoms: atoms.info["conserved_eV"]),
        times=_times(_each(frames, lambda atoms: atoms.info["time_fs"]), len(frames), frame_time),
    )


def _geometries(path: Path, frame_time: float | None) -> Trajectory:
    from supple.data.reading import read

    data = read(path, labels=False)
    times = _times(None, len(data), frame_time)
    return Trajectory(path.name, data.numbers, data.positions, atomic_masses[data.numbers], times=times)


def _frames(path: Path) -> list[Atoms]:
    from ase.io import read

    try:
        if path.suffix == ".gz":  # unpacked first: ASE goes to and fro in files, which packed ones are slow at
            with gzip.open(path, "rt", encoding="utf-8") as packed:
                frames: Any = read(io.StringIO(packed.read()), index=":", format="extxyz")
        else:
            frames = read(path, index=":")
    except Exception as error:  # ASE's readers raise anything
        said = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise DataError(f"{path} cannot be read as a trajectory ({said}): is its last frame cut short?") from error
    if not frames:
        raise DataError(f"{path} holds no frames.")
    return list(frames)


def _each(frames: list[Atoms], value: Callable[[Atoms], Any]) -> Float[np.ndarray, "M"] | None:
    """A number of each frame; None where a frame has none."""
    try:
        found = np.array([float(value(atoms)) for atoms in frames])
    except (KeyError, TypeError, ValueError):
        return None
    return found if np.isfinite(found).all() else None


def _times(stated: Float[np.ndarray, "M"] | None, n: int, frame_time: float | None) -> Float[np.ndarray, "M"] | None:
    return stated if frame_time is None else frame_time * np.arange(n)


def _finite(values: Float[np.ndarray, "M N 3"], what: str, path: Path) -> Float[np.ndarray, "M N 3"]:
    bad = ~np.isfinite(values).all(axis=(1, 2))
    if bad.any():
        raise DataError(f"{path}: {what} of frame {int(np.flatnonzero(bad)[0])} are not numbers; cut it off there.")
    return values
