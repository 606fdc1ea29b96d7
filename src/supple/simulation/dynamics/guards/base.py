"""Guard: what watches over one thing that must not go wrong in a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Int


@dataclass(frozen=True)
class Moment:
    """The molecules of a run as a guard sees them.

    Attributes:
        positions: Å, shape (B, N, 3).
        drifts: eV per atom that the conserved energies have gained since the beginning, shape (B,); None where none is
            conserved.
        replicas: which of the run's replicas these are, shape (B,).
    """

    positions: Float[np.ndarray, "B N 3"]
    drifts: Float[np.ndarray, "B"] | None
    replicas: Int[np.ndarray, "B"]

    def only(self, which: Bool[np.ndarray, "B"]) -> Moment:
        """Some of the molecules."""
        drifts = None if self.drifts is None else self.drifts[which]
        return Moment(self.positions[which], drifts, self.replicas[which])


@runtime_checkable
class Guard(Protocol):
    """Watches over one thing."""

    @property
    def name(self) -> str:
        """In a word, as reports name it."""

    @property
    def of_geometry(self) -> bool:
        """Whether it judges geometries: another geometry is a remedy."""

    def objections(self, moment: Moment) -> list[str | None]:
        """What is wrong with each molecule, as the end of a sentence that begins with the time; None when all is well."""
