"""Conformers: the combinations of torsion wells that the frames are in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from supple.molecule.torsion_symmetry import TorsionSymmetry
from supple.molecule.torsions import Torsion, folded

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
        angles: the torsion angle in the middle of its well, degrees, for each torsion that has several; of equivalent
            geometries one stands for all.
        frames: indices of its frames, shape (K,).
    """

    angles: tuple[float, ...]
    frames: Int[np.ndarray, "K"]


def conformers(
    torsions: Sequence[Torsion], angles: Float[np.ndarray, "M T"], symmetries: Sequence[TorsionSymmetry]
) -> tuple[list[Torsion], list[Conformer]]:
    """The torsions that have more than one well, and the combinations of wells that occur, the commonest first.

    Geometries that a symmetry takes to each other are one conformer: a molecule that is its own mirror image with all of its
    torsions inverted, and equivalent halves in different wells.

    Args:
        torsions, angles: as from `supple.molecule.torsions`.
        symmetries: as from `supple.molecule.torsion_symmetry`.
    """
    images = [symmetry.applied(angles, torsions) for symmetry in symmetries]
    divided = [
        _Wells.of(np.concatenate([image[:, t] for image in images]), torsion.period)
        for t, torsion in enumerate(torsions)
    ]
    distinctive = _needed(images, divided, [t for t, wells in enumerate(divided) if len(wells.tops) > 1])
    if not distinctive:
        return [], [Conformer((), np.arange(len(angles)))]
    labels, chosen = _equivalent(images, divided, distinctive)
    found = []
    for label, count in Counter(labels).most_common():
        frames = np.array([m for m, other in enumerate(labels) if other == label])
        middle = tuple(divided[t].middle(label[n], chosen[frames, n]) for n, t in enumerate(distinctive))
        if count >= _LEAST * len(angles):
            found.append(Conformer(middle, frames))
    return [torsions[t] for t in distinctive], found


def _needed(
    images: Sequence[Float[np.ndarray, "M T"]], divided: Sequence[_Wells], torsions: Sequence[int]
) -> list[int]:
    """The torsions without which some conformers would not be told apart.

    Wells at +60° and -60° alone tell nothing where a reflection takes one to the other, unless another torsion has both signs.
    """
    needed = list(torsions)
    n_labels = len(set(_equivalent(images, divided, needed)[0]))
    for t in torsions:
        others = [other for other in needed if other != t]
        if len(set(_equivalent(images, divided, others)[0])) == n_labels:
            needed = others
    return needed


def _equivalent(
    images: Sequence[Float[np.ndarray, "M T"]], divided: Sequence[_Wells], distinctive: Sequence[int]
) -> tuple[list[tuple[int, ...]], Float[np.ndarray, "M D"]]:
    """The wells of one of each frame's images, the first in order, and its angles, shape (M, D)."""
    angles = [image[:, list(distinctive)] for image in images]
    wells = [np.zeros(one.shape, dtype=np.int64) for one in angles]
    for n, t in enumerate(distinctive):
        for well, one in zip(wells, angles, strict=True):
            well[:, n] = divided[t].of_angles(one[:, n])
    labels, chosen = [], []
    for m in range(len(images[0])):
        # of several images in the same wells that with the larger angles, so that those of a well at 180° lie on one side
        label, negative = min(
            (tuple(w[m].tolist()), tuple((-a[m]).tolist())) for w, a in zip(wells, angles, strict=True)
        )
        labels.append(label)
        chosen.append(negative)
    return labels, -np.array(chosen)


@dataclass(frozen=True, eq=False)
class _Wells:
    """The wells of a torsion, numbered from the largest angle to the smallest.

    Attributes:
        period: of the torsion, degrees.
        tops: the angle of the highest density in each.
        cuts: the angles between them, ascending; none for a single well.
        order: the number of the well above each cut.
    """

    period: float
    tops: tuple[float, ...]
    cuts: tuple[float, ...]
    order: tuple[int, ...]

    @classmethod
    def of(cls, angles: Float[np.ndarray, "K"], period: float) -> _Wells:
        """Wells of the density of these angles."""
        from scipy.ndimage import gaussian_filter1d

        n = max(round(period / _BIN), 4)
        edges = np.linspace(-period / 2, period / 2, n + 1)
        density = gaussian_filter1d(np.histogram(angles, edges)[0].astype(float), _SMOOTH / _BIN, mode="wrap")
        peaks = [k for k in range(n) if density[k - 1] < density[k] >= density[(k + 1) % n]]
        while len(peaks) > 1:
            pairs = [(a, b, _lowest(density, a, b)) for a, b in zip(peaks, [*peaks[1:], peaks[0]], strict=True)]
            a, b, low = max(pairs, key=lambda pair: density[pair[2]] / min(density[pair[0]], density[pair[1]]))
            if density[low] <= _VALLEY * min(density[a], density[b]):
                break
            peaks.remove(min(a, b, key=lambda k: density[k]))
        centres = (edges[1:] + edges[:-1]) / 2
        if len(peaks) < 2:
            return cls(period, tuple(centres[peaks]), (), ())
        valleys = [_lowest(density, a, b) for a, b in zip(peaks, [*peaks[1:], peaks[0]], strict=True)]
        # the well of each peak begins at the cut before it
        rank = {peak: r for r, peak in enumerate(sorted(peaks, reverse=True))}
        begins = sorted(zip(centres[np.roll(valleys, 1)].tolist(), (rank[peak] for peak in peaks), strict=True))
        return cls(
            period,
            tuple(float(centres[peak]) for peak in sorted(peaks, reverse=True)),
            tuple(cut for cut, _ in begins),
            tuple(well for _, well in begins),
        )

    def of_angles(self, angles: Float[np.ndarray, "M"]) -> Int[np.ndarray, "M"]:
        """The well of each angle."""
        if not self.cuts:
            return np.zeros(len(angles), dtype=np.int64)
        return np.array(self.order)[np.searchsorted(self.cuts, angles, side="right") - 1]

    def middle(self, well: int, angles: Float[np.ndarray, "K"]) -> float:
        """The median of angles in a well, degrees."""
        top = self.tops[well]
        return float(folded(np.array(top + np.median(folded(angles - top, self.period))), self.period))


def _lowest(density: Float[np.ndarray, "B"], a: int, b: int) -> int:
    """The bin of the lowest density between two peaks on a circle, in the middle of several."""
    n = len(density)
    between = np.arange(a, b if b > a else b + n) % n
    lowest = between[density[between] <= density[between].min() * (1 + 1e-9)]
    return int(lowest[len(lowest) // 2])
