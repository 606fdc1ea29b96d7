"""TrajectoryFile: the interface of trajectory formats, read as a whole and written frame by frame."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from supple.errors import DataError
from supple.simulation.trajectories.frame import Frame
from supple.simulation.trajectories.trajectory import Trajectory


class TrajectoryFile(ABC):
    """A file of frames of one molecule, open for writing. `read` needs no object: it reads any file of the format."""

    def __init__(self, path: Path, numbers: Int[np.ndarray, "N"]) -> None:
        self.path = path
        self.numbers = numbers

    @classmethod
    @abstractmethod
    def read(cls, path: Path) -> Trajectory:
        """Read a whole file, with everything that `append` writes.

        Raises:
            DataError: the file is damaged, periodic, or its frames are not of one molecule.
        """

    @abstractmethod
    def append(self, frames: Sequence[Frame]) -> None:
        """Write frames at the end; they are on disk when this returns."""

    @abstractmethod
    def truncate(self, n: int) -> None:
        """Cut off everything after the first n frames; with n = 0, delete the file.

        Raises:
            DataError: the file has fewer frames.
        """

    def _delete(self) -> None:
        """Delete the file; where the path is a link, what it points to."""
        Path(os.path.realpath(self.path)).unlink(missing_ok=True)

    def frames_missing(self, n: int) -> DataError:
        """The error for a file that should have n frames and has fewer."""
        return DataError(
            f"{self.path} has fewer than the {n} frames that were written to it: it has been changed or cut short. "
            "Choose another --out, or delete it and the .run folder beside it to start again."
        )


def require_finite(values: Float[np.ndarray, "M N 3"], quantity: str, path: Path) -> Float[np.ndarray, "M N 3"]:
    """The values, if all are finite.

    Raises:
        DataError: one is not; the message names the first frame with such a value.
    """
    bad = ~np.isfinite(values).all(axis=(1, 2))
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        raise DataError(
            f"{path}: the {quantity} of frame {first} contain NaN or infinity; truncate the file before this frame."
        )
    return values
