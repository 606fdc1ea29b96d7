"""Trajectory: frames are appended whole, and those after the last one that counts are cut off again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from supple.errors import DataError


@dataclass(frozen=True)
class Frame:
    """A moment of a run.

    Attributes:
        positions: Å, shape (N, 3).
        about: numbers and words about the frame, by name.
        step: of the run.
        momenta: in ASE's unit, √(eV u), shape (N, 3); None for a geometry alone.
        energy: eV, of the force field; None for a geometry alone.
        forces: eV/Å, shape (N, 3); None for a geometry alone.
    """

    positions: Float[np.ndarray, "N 3"]
    about: dict[str, float | str]
    step: int = 0
    momenta: Float[np.ndarray, "N 3"] | None = None
    energy: float | None = None
    forces: Float[np.ndarray, "N 3"] | None = None


class Trajectory(ABC):
    """A file of frames of one molecule."""

    def __init__(self, path: Path, numbers: Int[np.ndarray, "N"]) -> None:
        self.path = path
        self.numbers = numbers

    @abstractmethod
    def extend(self, frames: Sequence[Frame]) -> None:
        """Write frames at the end; they are on disk when this returns."""

    @abstractmethod
    def keep(self, n: int) -> None:
        """Cut off whatever stands after the first n frames.

        Raises:
            DataError: there are fewer.
        """

    def too_few(self, n: int) -> DataError:
        """The error of a file that has lost frames."""
        return DataError(
            f"{self.path} has fewer than the {n} frames that were written to it: it has been changed or cut short; "
            "choose another --out, or delete it and the .run folder beside it to start anew."
        )
