"""Balanced: half of the training frames from all regions of the data alike, so that rare ones are not forgotten.

A barrier is crossed in a moment: in the middle of a rotation stand a few frames in a hundred, and a random draw of 200
takes two or three of them. Yet the forces there decide the rate. Here the frames are cut into regions in several ways,
each a view:

- a view for each rotatable bond: parts of 30° of its angle. One bond at a time, and not all angles at once: the cells of
  a grid over four torsions are twenty thousand, most of them empty and the others with a frame or two, whereas the parts
  of each torsion are a dozen. The angle is folded by symmetry, so that a ring that turns over comes back to its region.
- a view of ten clusters in the descriptor, for what no torsion sees: an inversion, a ring that puckers, a proton that
  hops.

Every second frame is drawn from all candidates at random; the others the views give in turn, each a frame of the region
that has the fewest so far. The random half is there for the common regions: without it, the overall error rises.
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

#: Degrees of a torsion in one region: about the width of a barrier's top.
_WIDTH = 30.0
_CLUSTERS = 10


def balanced_order(dataset: Dataset, candidates: Int[np.ndarray, "C"], count: int, seed: int) -> Int[np.ndarray, "K"]:
    """Candidates at random and from all regions, by turns; in random order inside each region."""
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
            each.tell(pick)
    return candidates[np.array(picks, dtype=np.int64)]


def regions(dataset: Dataset) -> list[Int[np.ndarray, "M"]]:
    """The region of each frame in each view; views that see one region alone are left out, unless they all do."""
    torsions = rotatable_torsions(dataset.numbers, dataset.positions)
    angles = torsion_angles(dataset.positions, torsions)
    # Angles run from beyond -180 up to and with 180, so that the upper edge belongs to a part.
    views = [np.ceil(angles[:, t] / _WIDTH).astype(np.int64) for t in range(len(torsions))]
    views.append(farthest_points(dataset, _CLUSTERS)[1])
    return [view for view in views if len(np.unique(view)) > 1] or views[-1:]


class _View:
    """One way to cut the frames into regions, and how many frames of each have been chosen, through whatever view."""

    def __init__(self, region_of: Int[np.ndarray, "M"]) -> None:
        _, self.region_of = np.unique(region_of, return_inverse=True)
        n_regions = int(self.region_of.max()) + 1
        self.waiting = [deque(np.flatnonzero(self.region_of == r).tolist()) for r in range(n_regions)]
        self.taken = [0] * n_regions

    def tell(self, pick: int) -> None:
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
