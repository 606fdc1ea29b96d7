"""Energy: training frames whose energies are distributed like those of the data, without the chance of a random draw.

A scrambled van der Corput sequence visits the frames ranked by energy: after 2^k steps each of 2^k quantiles of the energy
has been visited once, and in between the visits are as even as possible. A random draw of as many frames misses some
quantiles and takes others twice.

J. G. van der Corput, Proc. Akad. Wet. Amsterdam 38, 813 (1935); scrambling: A. B. Owen, in Monte Carlo and Quasi-Monte
Carlo Methods in Scientific Computing, Lecture Notes in Statistics 106 (Springer 1995), p. 299.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Int

from supple.errors import DataError

if TYPE_CHECKING:
    from supple.data.dataset import Dataset


def energy_order(dataset: Dataset, candidates: Int[np.ndarray, "C"], count: int, seed: int) -> Int[np.ndarray, "K"]:
    """Candidates evenly from all quantiles of the energy.

    Frames without an energy rank behind the others, in random order: they are a stratum of their own, with the same share
    of every training set as of the data.

    Raises:
        DataError: no candidate has an energy.
    """
    energies = dataset.energies[candidates]
    if not np.isfinite(energies).any():
        raise DataError(
            f"{dataset.source.name} has no energies by which to choose training frames: use another selection "
            "(random, farthest or balanced)."
        )
    ranked = candidates[np.argsort(energies, kind="stable")]  # NaN sorts to the end, in the given order
    return ranked[even_walk(len(ranked), seed)[:count]]


def even_walk(length: int, seed: int) -> Int[np.ndarray, "M"]:
    """The numbers 0 to length-1 in an order that at any time has visited all parts of the range equally often.

    The step number with its bits reversed is the place. Each bit is flipped or not at random, for each value of the bits
    before it: this changes the order of the halves, quarters and so on, but all of them are still visited. Places beyond
    the end are left out.
    """
    rng = np.random.default_rng(seed)
    bits = max(length - 1, 0).bit_length()
    steps = np.arange(2**bits)
    places = np.zeros_like(steps)
    for level in range(bits):
        flipped = rng.integers(0, 2, 2**level)
        places = 2 * places + ((steps >> level & 1) ^ flipped[places])
    return places[places < length]
