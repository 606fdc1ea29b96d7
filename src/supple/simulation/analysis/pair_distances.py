"""h(r): the distribution of the distances between all pairs of atoms.

As in the benchmark of Fu et al., Forces are not enough, TMLR 2023, arXiv:2210.07237: 500 bins from 0 to 10 Å, normalised. Its
error is the mean absolute difference from the reference times the range, ∫ |h(r) - h_ref(r)| dr.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from supple.simulation.analysis.distribution import Distribution, density

#: The published range, Å, and number of bins.
RANGE, BINS = 10.0, 500
#: Frames that are processed at a time, to save memory.
_CHUNK = 2000


def pair_distribution(
    positions: Float[np.ndarray, "M N 3"], reference: Float[np.ndarray, "K N 3"] | None
) -> Distribution:
    """h(r) of frames with positions in Å, together with that of a reference."""
    edges = np.linspace(0.0, RANGE, BINS + 1)
    return Distribution(
        "pair distance", "all pairs", "Å", edges, _h(positions, edges),
        None if reference is None else _h(reference, edges),
    )  # fmt: skip


def _h(positions: Float[np.ndarray, "M N 3"], edges: Float[np.ndarray, "E"]) -> Float[np.ndarray, "B"]:
    i, j = np.triu_indices(positions.shape[1], 1)
    total = np.zeros(len(edges) - 1)
    for start in range(0, len(positions), _CHUNK):
        part = positions[start : start + _CHUNK]
        total += len(part) * density(np.linalg.norm(part[:, i] - part[:, j], axis=2), edges)
    return total / max(float((total * np.diff(edges)).sum()), 1e-300)
