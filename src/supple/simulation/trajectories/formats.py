"""The trajectory formats: which class reads and writes a file, by its suffix."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from ase.data import atomic_masses
from jaxtyping import Int

from supple.data.bundled import or_bundled
from supple.data.reading import read
from supple.errors import DataError, SettingsError
from supple.simulation.trajectories.ase_traj import AseTrajFile
from supple.simulation.trajectories.extxyz import ExtxyzFile
from supple.simulation.trajectories.h5md import H5mdFile
from supple.simulation.trajectories.trajectory import Trajectory
from supple.simulation.trajectories.trajectory_file import TrajectoryFile

#: What can be written.
_FORMATS: dict[str, type[TrajectoryFile]] = {
    ".xyz": ExtxyzFile,
    ".extxyz": ExtxyzFile,
    ".traj": AseTrajFile,
    ".h5": H5mdFile,
}
#: What can be read besides.
_READABLE: dict[str, type[TrajectoryFile]] = {".xyz.gz": ExtxyzFile, ".extxyz.gz": ExtxyzFile, ".hdf5": H5mdFile}


def trajectory_file(path: Path, numbers: Int[np.ndarray, "N"]) -> TrajectoryFile:
    """A trajectory to be written, in the format given by the suffix of the file.

    Args:
        path: the file; it need not exist.
        numbers: atomic numbers of the molecule.

    Raises:
        SettingsError: there is no such format, or a package that it needs is not installed.
    """
    if path.suffix not in _FORMATS:
        raise SettingsError(f"Trajectories are written as {', '.join(_FORMATS)}: {path} must end in one of these.")
    return _FORMATS[path.suffix](path, numbers)


def read_trajectory(path: str | Path) -> Trajectory:
    """Read a trajectory.

    Args:
        path: extended xyz, ASE's .traj or H5MD, with momenta, energies, forces and times where the file has them; from
            any other format that `supple.read` reads, geometries alone; or the name of a bundled set.

    Raises:
        DataError: the file is missing, damaged, periodic, or its frames are not of one molecule.
    """
    path = or_bundled(Path(path))
    if not path.is_file():
        raise DataError(f"There is no trajectory {path}.")
    for ending, file_format in (_FORMATS | _READABLE).items():
        if path.name.lower().endswith(ending):
            return file_format.read(path)
    data = read(path, labels=False)
    return Trajectory(path.name, data.numbers, data.positions, atomic_masses[data.numbers])
