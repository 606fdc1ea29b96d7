"""Random: training frames distributed like the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Int

if TYPE_CHECKING:
    from supple.data.dataset import Dataset


def random_order(dataset: Dataset, candidates: Int[np.ndarray, "C"], count: int, seed: int) -> Int[np.ndarray, "K"]:
    """The candidates in the given order, which the split has made random."""
    return candidates[:count]
