"""The first geometries to label: from all regions of what was explored."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int

from supple.data.selection import SELECTIONS
from supple.sampling.exploration.explore import Explored


def first_batch(explored: Explored, count: int, seed: int = 0, select: str = "balanced") -> Int[np.ndarray, "K"]:
    """Indices of frames to label first, the best first: conformers, at most a quarter, and then by a selection from all others.

    Args:
        explored: the frames.
        count: how many to choose; nested, in that a smaller batch is the beginning of a larger one, but for its conformers.
        seed: of what is drawn by chance.
        select: a name in `supple.data.selection.SELECTIONS`: `balanced` covers every range of every torsion, `farthest` the extremes.

    Raises:
        SettingsError: there is no selection of this name.
    """
    conformers = explored.conformers[: max(count // 4, 1)]
    others = np.setdiff1d(np.arange(len(explored.positions)), explored.conformers)
    candidates = np.random.default_rng(seed).permutation(others)
    chosen = SELECTIONS.get(select)(explored.dataset(), candidates, max(count - len(conformers), 0), seed)
    return np.concatenate([conformers, chosen])[:count]
