"""Random: training frames like the data, as frequent as they are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Int

if TYPE_CHECKING:
    from supple.data.dataset import Dataset


def random_order(dataset: Dataset, candidates: Int[np.ndarray, "C"], count: int, seed: int) -> Int[np.ndarray, "K"]:
    """The candidates as they come: the permutation of the split has put them in random order."""
    return candidates[:count]
