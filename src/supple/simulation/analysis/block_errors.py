"""Statistical errors from blocks: stretches of time that are long enough to be nearly uncorrelated.

Flyvbjerg and Petersen, J. Chem. Phys. 91, 461 (1989), doi 10.1063/1.457480.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

#: Blocks of all trajectories together.
BLOCKS = 10


def block_numbers(lengths: list[int], blocks: int = BLOCKS) -> Int[np.ndarray, "M"]:
    """The block of each frame of several concatenated trajectories; no block extends over two of them.

    Args:
        lengths: number of frames of each trajectory.
        blocks: the minimum number of blocks, if there are enough frames.
    """
    each = -(-blocks // max(len(lengths), 1))
    numbers, first = [], 0
    for length in lengths:
        n = max(min(each, length), 1)
        numbers.append(first + np.arange(length) * n // max(length, 1))
        first += n
    return np.concatenate(numbers)


def block_means(values: Float[np.ndarray, "M *shape"], block: Int[np.ndarray, "M"]) -> Float[np.ndarray, "K *shape"]:
    """The mean of each block."""
    return np.array([values[block == k].mean(axis=0) for k in np.unique(block)])


def standard_error(values: Float[np.ndarray, "M *shape"], block: Int[np.ndarray, "M"]) -> Float[np.ndarray, "*shape"]:
    """Standard error of the mean, from the means of the blocks; NaN with a single block."""
    means = block_means(values, block)
    if len(means) < 2:
        return np.full(values.shape[1:], np.nan)
    return np.asarray(means.std(axis=0, ddof=1) / np.sqrt(len(means)))
