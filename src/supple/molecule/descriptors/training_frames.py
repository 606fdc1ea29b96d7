"""TrainingFrames: the frames that a force field was trained on, as a descriptor sees them, and how far others are from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int


class Nearest(NamedTuple):
    """The training frame nearest to a geometry.

    Attributes:
        frame, permutation: which frame, and which permutation brings the geometry closest to it.
        distance: in the descriptor's unit.
    """

    frame: int
    permutation: int
    distance: float


@dataclass(frozen=True, eq=False)
class TrainingFrames:
    """Descriptors of training frames, and distances of any geometry from them: min over p and m of |P_p x - x_m|.

    Attributes:
        descriptor: a function from positions in Å, shape (B, N, 3), to descriptors, shape (B, D).
        x: descriptors of the frames, shape (M, D).
        action: permutations of equal atoms, as they act on the descriptor, shape (P, D); a group.
    """

    descriptor: Callable[[np.ndarray], np.ndarray]
    x: Float[np.ndarray, "M D"]
    action: Int[np.ndarray, "P D"]

    def __len__(self) -> int:
        return len(self.x)

    def nearest(self, x: Float[np.ndarray, "D"]) -> Nearest:
        """The frame nearest to a descriptor, over all permutations."""
        squares = self._squares(x)
        permutation, frame = np.unravel_index(int(squares.argmin()), squares.shape)
        return Nearest(int(frame), int(permutation), float(squares[permutation, frame] ** 0.5))

    def distance_to(self, other: Nearest, x: Float[np.ndarray, "D"]) -> float:
        """From a descriptor to the frame that was nearest to another one, by the same permutation."""
        return float(np.linalg.norm(x[self.action[other.permutation]] - self.x[other.frame]))

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
    def _centred(self) -> tuple[Float[np.ndarray, "M D"], Float[np.ndarray, "M"]]:
        """The frames about their centre, where few digits cancel, and their squared norms."""
        frames = self.x - self._centre
        return frames, (frames**2).sum(axis=1)

    def _squares(self, x: Float[np.ndarray, "D"]) -> Float[np.ndarray, "P M"]:
        """|P_p x - x_m|², by a matrix product."""
        images = x[self.action] - self._centre
        frames, squares = self._centred
        return np.maximum((images**2).sum(axis=1)[:, None] + squares - 2 * (images @ frames.T), 0.0)
