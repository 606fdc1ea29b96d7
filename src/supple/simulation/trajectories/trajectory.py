"""Trajectory: frames of one molecule in the order of time, in memory."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

#: Times are equally spaced when no interval differs from the mean by more than this fraction of it.
_SPACING_TOLERANCE = 1e-3


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Frames of one molecule in the order of time. Positions are always there; anything else is None where a frame lacks it.

    Attributes:
        name: name of the file.
        numbers: atomic numbers, shape (N,).
        positions: Å, shape (M, N, 3).
        masses: u, shape (N,).
        momenta: in ASE's unit, √(eV u), shape (M, N, 3).
        energies: potential energies, eV, shape (M,).
        forces: eV/Å, shape (M, N, 3).
        conserved: energies that exact integration would conserve, eV, shape (M,).
        temperatures: as the file states them, K, shape (M,).
        times: fs, shape (M,).
    """

    name: str
    numbers: Int[np.ndarray, "N"]
    positions: Float[np.ndarray, "M N 3"]
    masses: Float[np.ndarray, "N"]
    momenta: Float[np.ndarray, "M N 3"] | None = None
    energies: Float[np.ndarray, "M"] | None = None
    forces: Float[np.ndarray, "M N 3"] | None = None
    conserved: Float[np.ndarray, "M"] | None = None
    temperatures: Float[np.ndarray, "M"] | None = None
    times: Float[np.ndarray, "M"] | None = None

    def __len__(self) -> int:
        return len(self.positions)

    def __getitem__(self, frames: slice) -> Trajectory:
        def cut(values: np.ndarray | None) -> np.ndarray | None:
            return None if values is None else values[frames]

        return replace(
            self, positions=self.positions[frames], momenta=cut(self.momenta), energies=cut(self.energies),
            forces=cut(self.forces), conserved=cut(self.conserved), temperatures=cut(self.temperatures),
            times=cut(self.times),
        )  # fmt: skip

    def with_interval(self, interval: float) -> Trajectory:
        """The same frames, the first at time 0 and each `interval` fs after the one before."""
        return replace(self, times=interval * np.arange(len(self)))

    @property
    def velocities(self) -> Float[np.ndarray, "M N 3"] | None:
        """In ASE's unit, √(eV/u)."""
        return None if self.momenta is None else self.momenta / self.masses[:, None]

    @property
    def kinetic_energies(self) -> Float[np.ndarray, "M"] | None:
        """In eV."""
        return None if self.momenta is None else 0.5 * (self.momenta**2 / self.masses[:, None]).sum(axis=(1, 2))

    @property
    def interval(self) -> float | None:
        """Time from frame to frame in fs; None where times are not known or not equally spaced."""
        if self.times is None or len(self) < 2:
            return None
        intervals = np.diff(self.times)
        mean = float(intervals.mean())
        return mean if mean > 0 and np.abs(intervals - mean).max() <= _SPACING_TOLERANCE * mean else None
