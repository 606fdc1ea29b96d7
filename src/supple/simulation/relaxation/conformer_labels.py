"""Which minima are the same conformer."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement

import numpy as np
from jaxtyping import Float, Int

#: Å and eV; minima whose distances and energies differ by less are one conformer.
_SAME_DISTANCE, _SAME_ENERGY = 0.05, 2e-3


def conformer_labels(
    numbers: Int[np.ndarray, "N"], positions: Sequence[Float[np.ndarray, "N 3"]], energies: Sequence[float]
) -> list[int]:
    """The conformer of each minimum, counted from 1 in the order of first appearance.

    Minima are compared by their sorted distances of each pair of elements, which neither a mirror image nor an exchange of
    equivalent atoms changes.

    Args:
        numbers: atomic numbers, shape (N,).
        positions: of each minimum, Å.
        energies: of each minimum, eV.
    """
    distances = [_sorted_distances(numbers, r) for r in positions]
    first: list[int] = []
    labels = []
    for k, energy in enumerate(energies):
        for c, other in enumerate(first):
            alike = float(np.abs(distances[k] - distances[other]).max(initial=0.0)) < _SAME_DISTANCE
            if alike and abs(energy - energies[other]) < _SAME_ENERGY:
                labels.append(c + 1)
                break
        else:
            first.append(k)
            labels.append(len(first))
    return labels


def _sorted_distances(numbers: Int[np.ndarray, "N"], positions: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, "D"]:
    i, j = np.triu_indices(len(numbers), 1)
    r = np.linalg.norm(positions[i] - positions[j], axis=1)
    low, high = np.minimum(numbers[i], numbers[j]), np.maximum(numbers[i], numbers[j])
    pairs = combinations_with_replacement(sorted(set(numbers.tolist())), 2)
    return np.concatenate([np.sort(r[(low == a) & (high == b)]) for a, b in pairs])
