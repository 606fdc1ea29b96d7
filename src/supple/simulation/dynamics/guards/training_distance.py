"""The geometry stays close to the training frames, by the distance in the descriptor of the kernel.

The distance of a geometry from the nearest training frame is given in units of the distances among the training frames:
1 is the distance to the nearest neighbour that 99 of 100 of them do not exceed. It grows with the square root of the
temperature, and without bound as a molecule dissociates. All frames are searched only when the one that was nearest
before is too far away.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float

from supple.data.dataset import Dataset
from supple.molecule.descriptors.training_frames import Nearest, TrainingFrames
from supple.simulation.dynamics.guards.guard import Snapshot

#: Relative distance beyond which the guard triggers: test frames of the bundled data stay within 1.4.
LIMIT = 2.0
#: Training frames that the scale is computed from, and the quantile of their distances.
_SAMPLE, _QUANTILE = 300, 0.99


class TrainingDistanceGuard:
    """Checks the distance from the training frames.

    Args:
        frames: the training frames, as the descriptor describes them.
        limit: relative distance beyond which it triggers.
    """

    name = "distance from the training set"
    checks_geometry = True

    def __init__(self, frames: TrainingFrames, limit: float = LIMIT) -> None:
        self.frames = frames
        self.limit = limit
        m = len(frames.x)
        #: For each replica, the frame that was nearest when all were last searched.
        self._last_nearest: dict[int, Nearest] = {}
        sample = np.unique(np.linspace(0, m - 1, _SAMPLE).astype(int))
        self.scale = float(np.quantile(frames.distances_among(sample), _QUANTILE))

    def relative_distances(self, snapshot: Snapshot) -> Float[np.ndarray, "B"]:
        """The distance of each replica, in units of the scale."""
        return (
            np.array([self.frames.nearest(x).distance for x in self.frames.descriptor(snapshot.positions)]) / self.scale
        )

    def check(self, snapshot: Snapshot) -> list[str | None]:
        """How far from the training frames each replica is, where that is too far."""
        found: list[str | None] = []
        for replica, x in zip(snapshot.replicas.tolist(), self.frames.descriptor(snapshot.positions), strict=True):
            last = self._last_nearest.get(replica)
            if last is not None and self.frames.distance_to(last, x) <= self.limit * self.scale:
                found.append(None)  # the nearest frame is at most as far away as this one
                continue
            self._last_nearest[replica] = nearest = self.frames.nearest(x)
            relative = nearest.distance / self.scale
            found.append(None if relative <= self.limit else self._sentence(relative))  # NaN is not within the limit
        return found

    def _sentence(self, relative: float) -> str:
        return (
            f"the geometry is {relative:.1f} times as far from the training frames as these are from one another "
            f"(limit {self.limit:g})"
        )


def training_frames(reference: Dataset) -> TrainingFrames:
    """The frames of a dataset, described by their inverse distances."""
    from supple.molecule.descriptors import InverseDistances
    from supple.molecule.descriptors.compiled import descriptor_function
    from supple.molecule.symmetry.permutations import find_permutations

    descriptor = InverseDistances(reference.n_atoms)
    described = descriptor_function(descriptor)
    action = descriptor.action(torch.tensor(find_permutations(reference.numbers, reference.positions))).numpy()
    return TrainingFrames(described, described(reference.positions), action)
