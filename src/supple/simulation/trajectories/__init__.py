"""Trajectories on disk: one file for each format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Int

from supple.errors import SettingsError
from supple.simulation.trajectories.ase_file import AseTrajectory
from supple.simulation.trajectories.base import Frame as Frame
from supple.simulation.trajectories.base import Trajectory as Trajectory
from supple.simulation.trajectories.extxyz import ExtendedXyz as ExtendedXyz
from supple.simulation.trajectories.h5md import H5md

_FORMATS: dict[str, type[Trajectory]] = {
    ".xyz": ExtendedXyz,
    ".extxyz": ExtendedXyz,
    ".traj": AseTrajectory,
    ".h5": H5md,
}


def trajectory(path: Path, numbers: Int[np.ndarray, "N"]) -> Trajectory:
    """A trajectory in the format that the name of its file says.

    Raises:
        SettingsError: there is no such format, or what it needs is not installed.
    """
    if path.suffix not in _FORMATS:
        raise SettingsError(f"Trajectories are written as {', '.join(_FORMATS)}: let {path} end in one of these.")
    return _FORMATS[path.suffix](path, numbers)
