"""ASE's own .traj format, with momenta, energies and forces."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io.trajectory import Trajectory as AseTrajectory

from supple.runtime.failures import naming
from supple.runtime.files import replacing
from supple.simulation.trajectories.ase_frames import read_atoms
from supple.simulation.trajectories.frame import Frame
from supple.simulation.trajectories.trajectory import Trajectory
from supple.simulation.trajectories.trajectory_file import TrajectoryFile


class AseTrajFile(TrajectoryFile):
    """A .traj file."""

    @classmethod
    def read(cls, path: Path) -> Trajectory:
        """Read a whole file."""
        return read_atoms(path, path)

    def append(self, frames: Sequence[Frame]) -> None:
        """Write frames at the end."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with naming(self.path), AseTrajectory(self.path, "a") as file:
            for frame in frames:
                atoms = Atoms(self.numbers, frame.positions, momenta=frame.momenta, info=frame.properties())
                atoms.calc = SinglePointCalculator(atoms, energy=frame.energy, forces=frame.forces)
                file.write(atoms)
        with self.path.open("rb") as written:
            os.fsync(written.fileno())

    def truncate(self, n: int) -> None:
        """Cut off everything after the first n frames, by writing those to a new file."""
        if n == 0:
            self._delete()
            return
        try:
            with AseTrajectory(self.path) as old:
                if len(old) == n:
                    return
                if len(old) < n:
                    raise self.frames_missing(n)
                with replacing(self.path) as temporary, AseTrajectory(temporary, "w") as new:
                    for k in range(n):
                        new.write(old[k])
        except (OSError, ValueError) as error:  # what ASE raises for a damaged file
            raise self.frames_missing(n) from error
