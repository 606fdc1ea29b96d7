"""Extended xyz, with momenta as ASE reads them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import islice

import numpy as np

from supple.data.dataset import Dataset
from supple.data.writing.extxyz import frames_as_text
from supple.simulation.trajectories.base import Frame, Trajectory


class ExtendedXyz(Trajectory):
    """Text, with as many digits as it takes."""

    def extend(self, frames: Sequence[Frame]) -> None:
        """Write frames at the end."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            for frame in frames:
                file.writelines(frames_as_text(self._dataset(frame)))
            file.flush()
            os.fsync(file.fileno())

    def _dataset(self, frame: Frame) -> Dataset:
        """One frame: others need not say the same things about themselves."""
        extras: dict[str, np.ndarray] = {name: np.array([value]) for name, value in frame.about.items()}
        if frame.momenta is not None:
            extras["momenta"] = frame.momenta[None]
        energies = None if frame.energy is None else [frame.energy]
        forces = None if frame.forces is None else frame.forces[None]
        return Dataset.of(self.numbers, frame.positions[None], energies, forces, name=str(self.path), extras=extras)

    def keep(self, n: int) -> None:
        """Cut off whatever stands after the first n frames."""
        if n == 0:
            self.path.unlink(missing_ok=True)
            return
        if not self.path.exists():
            raise self.too_few(n)
        wanted = n * (len(self.numbers) + 2)
        lines = size = 0
        with self.path.open("r+b") as file:
            for line in islice(file, wanted):
                lines, size = lines + line.endswith(b"\n"), size + len(line)
            if lines < wanted:
                raise self.too_few(n)
            file.truncate(size)
