"""Guard: what watches over one thing that must not go wrong in a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class Moment:
    """A run as a guard sees it.

    Attributes:
        positions: Å, shape (N, 3).
        drift: eV per atom that the conserved energy has gained since the beginning; None where none is conserved.
    """

    positions: Float[np.ndarray, "N 3"]
    drift: float | None


class Guard(Protocol):
    """Watches over one thing."""

    @property
    def name(self) -> str:
        """In a word, as reports name it."""

    def objection(self, moment: Moment) -> str | None:
        """What is wrong, as the end of a sentence that begins with the time; None when all is well."""
