"""KnownFrames: the frames that a force field was trained on, as a descriptor sees them, and how far others are from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int


class Nearest(NamedTuple):
    """The nearest of the known frames.

    Attributes:
        frame, permutation: which frame, and which permutation takes the geometry there.
        distance: in the descriptor's unit.
    """

    frame: int
    permutation: int
    distance: float


@dataclass(frozen=True, eq=False)
class KnownFrames:
    """Descriptors of known frames, and of any geometry.

    Attributes:
        described: positions in Å, shape (B, N, 3), to descriptors, shape (B, D).
        x: descriptors of the frames, shape (M, D).
        action: permutations of equal atoms, as they act on the descriptor, shape (P, D); a group.
    """

    described: Callable[[np.ndarray], np.ndarray]
    x: Float[np.ndarray, "M D"]
    action: Int[np.ndarray, "P D"]

    def nearest(self, x: Float[np.ndarray, "D"]) -> Nearest:
        """The frame that is nearest to a descriptor, over all permutations."""
        squares = self._squares(x)
        permutation, frame = np.unravel_index(int(squares.argmin()), squares.shape)
        return Nearest(int(frame), int(permutation), float(squares[permutation, frame] ** 0.5))

    def distance_to(self, one: Nearest, x: Float[np.ndarray, "D"]) -> float:
        """From a descriptor to the frame and by the permutation that were nearest to another."""
        return float(np.linalg.norm(x[self.action[one.permutation]] - self.x[one.frame]))

    def distances_among(self, frames: Int[np.ndarray, "K"]) -> Float[np.ndarray, "K"]:
        """From each of these frames to the nearest of the others."""
        nearest = []
        for i in frames:
            squares = self._squares(self.x[i])
            squares[:, i] = np.inf
            nearest.append(squares.min() ** 0.5)
        return np.array(nearest)

    @cached_property
    def _centre(self) -> Float[np.ndarray, "D"]:
        return self.x.mean(axis=0)

    @cached_property
    def _frames(self) -> tuple[Float[np.ndarray, "M D"], Float[np.ndarray, "M"]]:
        """The frames about their centre, where few digits cancel, and their squares."""
        frames = self.x - self._centre
        return frames, (frames**2).sum(axis=1)

    def _squares(self, x: Float[np.ndarray, "D"]) -> Float[np.ndarray, "P M"]:
        """|P x - x_m|², by a matrix product."""
        images = x[self.action] - self._centre
        frames, squares = self._frames
        return np.maximum((images**2).sum(axis=1)[:, None] + squares - 2 * (images @ frames.T), 0.0)
