"""ASE's own format, with momenta, energies and forces."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io.trajectory import Trajectory as AseFile

from supple.runtime.files import replacing
from supple.simulation.trajectories.base import Frame, Trajectory


class AseTrajectory(Trajectory):
    """ASE's .traj."""

    def extend(self, frames: Sequence[Frame]) -> None:
        """Write frames at the end."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with AseFile(self.path, "a") as file:
            for frame in frames:
                atoms = Atoms(self.numbers, frame.positions, momenta=frame.momenta, info=dict(frame.about))
                atoms.calc = SinglePointCalculator(atoms, energy=frame.energy, forces=frame.forces)
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
                    raise self.too_few(n)
                with replacing(self.path) as temporary, AseFile(temporary, "w") as new:
                    for k in range(n):
                        new.write(old[k])
        except (OSError, ValueError) as error:  # what ASE says of a damaged file
            raise self.too_few(n) from error
