"""Extended xyz, with momenta as ASE reads them."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from supple.data.dataset import Dataset
from supple.data.reading.open_file import open_binary
from supple.data.writing.extxyz import frames_as_text
from supple.errors import DataError, first_line
from supple.runtime.failures import naming
from supple.simulation.trajectories.ase_frames import read_atoms
from supple.simulation.trajectories.frame import Frame
from supple.simulation.trajectories.trajectory import Trajectory
from supple.simulation.trajectories.trajectory_file import TrajectoryFile


class ExtxyzFile(TrajectoryFile):
    """An .xyz or .extxyz file, with as many digits as are needed to read the same numbers again."""

    @classmethod
    def read(cls, path: Path) -> Trajectory:
        """Read a whole file; also a compressed one (.gz)."""
        if path.suffix.lower() != ".gz":
            return read_atoms(path, path)
        try:  # unpacked first: ASE seeks back and forth, which is slow in a compressed file
            with open_binary(path) as packed:
                text = packed.read().decode("utf-8")
        except UnicodeDecodeError as error:
            raise DataError(f"{path} cannot be decompressed ({first_line(error)}).") from error
        return read_atoms(path, io.StringIO(text), "extxyz")

    def append(self, frames: Sequence[Frame]) -> None:
        """Write frames at the end."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with naming(self.path), self.path.open("a", encoding="utf-8") as file:
            for frame in frames:
                file.writelines(frames_as_text(self._dataset(frame)))
            file.flush()
            os.fsync(file.fileno())

    def _dataset(self, frame: Frame) -> Dataset:
        """A dataset of one frame: the next one may have other properties."""
        extras: dict[str, np.ndarray] = {name: np.array([value]) for name, value in frame.properties().items()}
        if frame.momenta is not None:
            extras["momenta"] = frame.momenta[None]
        energies = None if frame.energy is None else [frame.energy]
        forces = None if frame.forces is None else frame.forces[None]
        return Dataset.of(self.numbers, frame.positions[None], energies, forces, name=str(self.path), extras=extras)

    def truncate(self, n: int) -> None:
        """Cut off everything after the first n frames, in place."""
        if n == 0:
            self._delete()
            return
        if not self.path.exists():
            raise self.frames_missing(n)
        wanted = n * (len(self.numbers) + 2)
        lines = size = 0
        with self.path.open("r+b") as file:
            for line in islice(file, wanted):
                lines, size = lines + line.endswith(b"\n"), size + len(line)
            if lines < wanted:
                raise self.frames_missing(n)
            file.truncate(size)
