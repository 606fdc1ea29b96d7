"""Guard: checks one condition that must hold during a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Int


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The replicas of a run at one moment, as guards see them.

    Attributes:
        positions: Å, shape (B, N, 3).
        drifts: energy gained since the start, eV per atom, shape (B,); None where none is conserved.
        replicas: the number of each replica, shape (B,).
    """

    positions: Float[np.ndarray, "B N 3"]
    drifts: Float[np.ndarray, "B"] | None
    replicas: Int[np.ndarray, "B"]

    def select(self, which: Bool[np.ndarray, "B"]) -> Snapshot:
        """Some of the replicas."""
        drifts = None if self.drifts is None else self.drifts[which]
        return Snapshot(self.positions[which], drifts, self.replicas[which])


@runtime_checkable
class Guard(Protocol):
    """Checks one condition."""

    @property
    def name(self) -> str:
        """Its name in reports."""

    @property
    def checks_geometry(self) -> bool:
        """Whether it depends on the geometry alone, so that returning to another geometry helps."""

    def check(self, snapshot: Snapshot) -> list[str | None]:
        """What is wrong with each replica, as a clause that continues a sentence; None where nothing is wrong."""
