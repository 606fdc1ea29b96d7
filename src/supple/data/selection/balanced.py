"""Balanced: half of the training frames at random, half evenly from all regions of the data, so that rare ones are included.

A barrier is crossed quickly: of a hundred frames a few are in the middle of a rotation, and a random draw of 200 has two or
three of them. Yet the forces there determine the rate. Here the frames are divided into regions in several ways, called
views:

- one view for each rotatable bond: ranges of 30° of its torsion angle. Torsions are taken one at a time: a grid over four
  torsions has twenty thousand cells, most of them empty and the others with a frame or two, whereas one torsion has a dozen
  ranges. The angle is folded by symmetry, so that a ring that flips returns to its region.
- one view of ten clusters in the descriptor, for what no torsion describes: an inversion, a ring pucker, a proton that hops.

Every second frame is drawn from all candidates at random; the others come from the views in turn, each from the region that
has the fewest frames so far. The random half is there for the common regions: without it, the overall error rises.
"""

from __future__ import annotations

from collections import deque
from itertools import cycle, islice
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Int

from supple.data.selection.farthest import farthest_points
from supple.molecule.torsions import rotatable_torsions, torsion_angles

if TYPE_CHECKING:
    from supple.data.dataset import Dataset

#: Degrees of a torsion in one region: about the width of the top of a barrier.
_WIDTH = 30.0
_CLUSTERS = 10


def balanced_order(dataset: Dataset, candidates: Int[np.ndarray, "C"], count: int, seed: int) -> Int[np.ndarray, "K"]:
    """Candidates at random and from all regions, alternately; in random order inside each region."""
    views = [_View(region_of) for region_of in regions(dataset.select(candidates))]
    everything = _View(np.zeros(len(candidates), dtype=np.int64))
    turns = cycle(view for one in views for view in (everything, one))
    picks: list[int] = []
    chosen: set[int] = set()
    for view in islice(turns, min(count, len(candidates))):
        pick = view.next_frame(chosen)
        picks.append(pick)
        chosen.add(pick)
        for each in views:
            each.count(pick)
    return candidates[np.array(picks, dtype=np.int64)]


def regions(dataset: Dataset) -> list[Int[np.ndarray, "M"]]:
    """The region of each frame in each view; views of a single region are left out, unless all are."""
    torsions = rotatable_torsions(dataset.numbers, dataset.positions)
    angles = torsion_angles(dataset.positions, torsions)
    # Angles are above -180 and up to 180, so that the upper edge belongs to a range.
    views = [np.ceil(angles[:, t] / _WIDTH).astype(np.int64) for t in range(len(torsions))]
    views.append(farthest_points(dataset, _CLUSTERS)[1])
    return [view for view in views if len(np.unique(view)) > 1] or views[-1:]


class _View:
    """One way to divide the frames into regions, and how many frames of each have been chosen, by any view."""

    def __init__(self, region_of: Int[np.ndarray, "M"]) -> None:
        _, self.region_of = np.unique(region_of, return_inverse=True)
        n_regions = int(self.region_of.max()) + 1
        self.waiting = [deque(np.flatnonzero(self.region_of == r).tolist()) for r in range(n_regions)]
        self.taken = [0] * n_regions

    def count(self, pick: int) -> None:
        """Count a frame that has been chosen."""
        self.taken[self.region_of[pick]] += 1

    def next_frame(self, chosen: set[int]) -> int:
        """A frame that is not chosen, of the region with the fewest chosen ones."""
        for region in sorted(range(len(self.taken)), key=self.taken.__getitem__):
            waiting = self.waiting[region]
            while waiting and waiting[0] in chosen:
                waiting.popleft()
            if waiting:
                return waiting.popleft()
        raise IndexError("all frames have been chosen")
