"""Farthest: each training frame as different as possible from those before it.

The distance of two frames is that of their descriptors (inverse distances of all pairs), the smallest over the
permutation symmetries of the molecule, as in a kernel model: a methyl group rotated by 120° is the same geometry.

    d(i, j) = min_p |x_i - P_p x_j| ;   next = argmax_i min_(j chosen) d(i, j)

Farthest-point sampling covers the data with balls of a radius at most twice the smallest possible: T. F. Gonzalez,
Theor. Comput. Sci. 38, 293 (1985), doi 10.1016/0304-3975(85)90224-5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from supple.molecule.descriptors import InverseDistances
from supple.molecule.symmetry.permutations import find_permutations

if TYPE_CHECKING:
    from supple.data.dataset import Dataset

#: Squared distances below this, in 1/Å², are rounding: the frames are equal.
_EQUAL = 1e-12


def farthest_order(dataset: Dataset, candidates: Int[np.ndarray, "C"], count: int, seed: int) -> Int[np.ndarray, "K"]:
    """Candidates by farthest-point sampling, beginning with the first of them, which the seed has drawn."""
    picks, _ = farthest_points(dataset.select(candidates), count)
    return candidates[picks]


def farthest_points(dataset: Dataset, count: int) -> tuple[Int[np.ndarray, "K"], Int[np.ndarray, "M"]]:
    """Frames by farthest-point sampling, beginning with the first frame.

    Returns:
        The first `count` picks, and for each frame the number of the pick that it is nearest to.
    """
    descriptors = FrameDistances(dataset)
    nearest = torch.full((len(dataset),), torch.inf, dtype=torch.float64)
    of = torch.zeros(len(dataset), dtype=torch.int64)
    picks: list[int] = []
    pick = 0
    for k in range(min(count, len(dataset))):
        picks.append(pick)
        squared = descriptors.squared_distances(pick)
        closer = squared < nearest
        of[closer] = k
        nearest[closer] = squared[closer]
        nearest[pick] = -torch.inf  # equal frames are at distance zero: they come last, but never twice
        pick = int(nearest.argmax())
    return np.array(picks, dtype=np.int64), of.numpy()


class FrameDistances:
    """Descriptors of all frames, and distances to one of them: O(M D P).

    Args:
        dataset: the frames.
    """

    def __init__(self, dataset: Dataset) -> None:
        descriptor = InverseDistances(dataset.n_atoms)
        self.action: Int[Tensor, "P D"] = descriptor.action(
            torch.tensor(find_permutations(dataset.numbers, dataset.positions))
        )
        x = descriptor(torch.tensor(dataset.positions))
        # Centred, for the digits of |x|² + |y|² - 2 x·y, on a point that no permutation moves.
        self.x: Float[Tensor, "M D"] = x - x.mean(dim=0)[self.action].mean(dim=0)
        self.squares: Float[Tensor, "M"] = (self.x**2).sum(1)

    def squared_distances(self, frame: int) -> Float[Tensor, "M"]:
        """The squared distance of every frame to one, in 1/Å², the smallest over the permutations."""
        along = (self.x @ self.x[frame][self.action].T).amax(1)
        squared = self.squares + self.squares[frame] - 2 * along
        return torch.where(squared < _EQUAL, 0.0, squared)
