"""Trajectories on disk: frames are appended whole, and those after the last one that counts are cut off again."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io.trajectory import Trajectory as AseFile
from jaxtyping import Float, Int

from supple.dataset import Dataset
from supple.errors import DataError, SettingsError
from supple.files import replacing
from supple.writing.extxyz import frames_as_text


@dataclass(frozen=True)
class Frame:
    """A moment of a run.

    Attributes:
        positions: Å, shape (N, 3).
        about: numbers and words about the frame, by name.
        momenta: in ASE's unit, √(eV u), shape (N, 3); None for a geometry alone.
        energy: eV, of the force field; None for a geometry alone.
        forces: eV/Å, shape (N, 3); None for a geometry alone.
    """

    positions: Float[np.ndarray, "N 3"]
    about: dict[str, float | str]
    momenta: Float[np.ndarray, "N 3"] | None = None
    energy: float | None = None
    forces: Float[np.ndarray, "N 3"] | None = None


class Trajectory(ABC):
    """A file of frames of one molecule."""

    def __init__(self, path: Path, numbers: Int[np.ndarray, "N"]) -> None:
        self.path = path
        self.numbers = numbers

    @abstractmethod
    def append(self, frame: Frame) -> None:
        """Write a frame at the end; it is on disk when this returns."""

    @abstractmethod
    def keep(self, n: int) -> None:
        """Cut off whatever stands after the first n frames.

        Raises:
            DataError: there are fewer.
        """

    def _too_few(self, n: int) -> DataError:
        return DataError(
            f"{self.path} has fewer than the {n} frames that were written to it: it has been changed or cut short; "
            f"choose another --out, or delete it and {self.path.with_suffix('.run')} to start anew."
        )


class ExtendedXyz(Trajectory):
    """Extended xyz, with momenta as ASE reads them."""

    def append(self, frame: Frame) -> None:
        """Write a frame at the end."""
        extras: dict[str, np.ndarray] = {name: np.array([value]) for name, value in frame.about.items()}
        if frame.momenta is not None:
            extras["momenta"] = frame.momenta[None]
        energies = None if frame.energy is None else [frame.energy]
        forces = None if frame.forces is None else frame.forces[None]
        one = Dataset.of(self.numbers, frame.positions[None], energies, forces, name=str(self.path), extras=extras)
        with self.path.open("a", encoding="utf-8") as file:
            file.write("".join(frames_as_text(one)))
            file.flush()
            os.fsync(file.fileno())

    def keep(self, n: int) -> None:
        """Cut off whatever stands after the first n frames."""
        if n == 0:
            self.path.unlink(missing_ok=True)
            return
        if not self.path.exists():
            raise self._too_few(n)
        with self.path.open("r+b") as file:
            lines = sum(1 for line in islice(file, n * (len(self.numbers) + 2)) if line.endswith(b"\n"))
            if lines < n * (len(self.numbers) + 2):
                raise self._too_few(n)
            file.seek(0)
            file.truncate(sum(len(line) for line in islice(file, lines)))


class AseTrajectory(Trajectory):
    """ASE's own format, with momenta, energies and forces."""

    def append(self, frame: Frame) -> None:
        """Write a frame at the end."""
        atoms = Atoms(self.numbers, frame.positions, momenta=frame.momenta, info=dict(frame.about))
        atoms.calc = SinglePointCalculator(atoms, energy=frame.energy, forces=frame.forces)
        with AseFile(self.path, "a") as file:
            file.write(atoms)
        with self.path.open("rb") as written:
            os.fsync(written.fileno())

    def keep(self, n: int) -> None:
        """Cut off whatever stands after the first n frames, by writing those to a new file."""
        if n == 0:
            self.path.unlink(missing_ok=True)
            return
        try:
            with AseFile(self.path) as old:
                if len(old) == n:
                    return
                if len(old) < n:
                    raise self._too_few(n)
                with replacing(self.path) as temporary, AseFile(temporary, "w") as new:
                    for k in range(n):
                        new.write(old[k])
        except OSError as error:
            raise self._too_few(n) from error


_FORMATS = {".xyz": ExtendedXyz, ".extxyz": ExtendedXyz, ".traj": AseTrajectory}


def trajectory(path: Path, numbers: Int[np.ndarray, "N"]) -> Trajectory:
    """A trajectory in the format that the name of its file says.

    Raises:
        SettingsError: there is no such format.
    """
    if path.suffix not in _FORMATS:
        raise SettingsError(f"Trajectories are written as {', '.join(_FORMATS)}: let {path} end in one of these.")
    return _FORMATS[path.suffix](path, numbers)
