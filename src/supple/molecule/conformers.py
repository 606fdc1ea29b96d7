"""Conformers: the combinations of torsion wells that the frames are in."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int

from supple.molecule.torsions import Torsion

#: Bins of the histogram of a torsion, and the width of its smoothing, degrees.
_BIN, _SMOOTH = 5.0, 10.0
#: A valley between two wells holds less than this part of the lower of their peaks.
_VALLEY = 0.4
#: A combination of wells with less than this part of the frames is a transition, not a conformer.
_LEAST = 0.01


@dataclass(frozen=True)
class Conformer:
    """One conformer.

    Attributes:
        angles: the torsion angle in the middle of its well, degrees, for each torsion that has several.
        frames: indices of its frames, shape (K,).
    """

    angles: tuple[float, ...]
    frames: Int[np.ndarray, "K"]


def conformers(torsions: list[Torsion], angles: Float[np.ndarray, "M T"]) -> tuple[list[Torsion], list[Conformer]]:
    """The torsions that have more than one well, and the combinations of wells that occur, the commonest first.

    The sign of torsions is ignored: a molecule and its mirror image are one conformer.

    Args:
        torsions, angles: as from `supple.molecule.torsions`.
    """
    distinctive, wells = [], []
    for t, torsion in enumerate(torsions):
        well = _wells(np.abs(angles[:, t]), torsion.period / 2)
        if len(np.unique(well)) > 1:
            distinctive.append(t)
            wells.append(well)
    if not distinctive:
        return [], [Conformer((), np.arange(len(angles)))]
    labels = list(zip(*wells, strict=True))
    found = []
    for label, _ in Counter(labels).most_common():
        frames = np.array([m for m, other in enumerate(labels) if other == label])
        middle = tuple(float(np.median(np.abs(angles[frames, t]))) for t in distinctive)
        if len(frames) >= _LEAST * len(angles):
            found.append(Conformer(middle, frames))
    return [torsions[t] for t in distinctive], found


def _wells(sizes: Float[np.ndarray, "M"], top: float) -> Int[np.ndarray, "M"]:
    """The well of each frame along |torsion|, from 0 to `top` degrees."""
    from scipy.ndimage import gaussian_filter1d
    from scipy.signal import find_peaks

    n = max(round(top / _BIN), 2)
    counts = np.histogram(sizes, bins=n, range=(0, top))[0].astype(float)
    # beyond both ends, where the middle of a well may be, the density continues as its mirror image
    density = gaussian_filter1d(np.concatenate([counts[::-1], counts, counts[::-1]]), _SMOOTH / _BIN)
    peaks, about = find_peaks(np.concatenate([[0.0], density, [0.0]]), prominence=0.0)
    deep = about["prominences"] >= (1 - _VALLEY) * density[peaks - 1]
    tops = peaks[deep] - 1
    cuts = [a + int(density[a:b].argmin()) - n for a, b in pairwise(tops)]
    place = np.minimum((sizes / top * n).astype(int), n - 1)
    return np.searchsorted([cut for cut in cuts if 0 < cut < n], place, side="right")
