"""A run stays where the force field has been trained: near to its training frames, as the kernel measures distance.

The distance of a geometry from the nearest training frame is divided by what it is among the training frames themselves:
1 is the distance from its nearest neighbour that 99 of 100 of them keep. It grows with the square root of temperature
and without bound as a molecule comes apart. All frames are searched only when the one that was nearest before is too far.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float

from supple.data.dataset import Dataset
from supple.molecule.descriptors.training_frames import Nearest, TrainingFrames
from supple.simulation.dynamics.guards.base import Moment

#: Beyond this multiple a geometry is outside: held-out frames of the bundled data keep within 1.4.
LIMIT = 2.0
#: Training frames by which the scale is judged, and their quantile.
_JUDGED, _QUANTILE = 300, 0.99


class FamiliarityGuard:
    """Watches the distance from known frames."""

    name = "distance from the training set"
    of_geometry = True

    def __init__(self, known: TrainingFrames, limit: float = LIMIT) -> None:
        self.known = known
        self.limit = limit
        m = len(known.x)
        #: Of each replica, the frame that was nearest when all were last searched.
        self._witnesses: dict[int, Nearest] = {}
        judged = np.unique(np.linspace(0, m - 1, _JUDGED).astype(int))
        self.scale = float(np.quantile(known.distances_among(judged), _QUANTILE))

    def multiples(self, moment: Moment) -> Float[np.ndarray, "B"]:
        """The distance of each molecule, in units of the scale."""
        return np.array([self.known.nearest(x).distance for x in self.known.descriptor(moment.positions)]) / self.scale

    def objections(self, moment: Moment) -> list[str | None]:
        """How far outside each geometry is."""
        said: list[str | None] = []
        for replica, x in zip(moment.replicas.tolist(), self.known.descriptor(moment.positions), strict=True):
            witness = self._witnesses.get(replica)
            if witness is not None and self.known.distance_to(witness, x) <= self.limit * self.scale:
                said.append(None)  # for the nearest frame is no further than this one
                continue
            self._witnesses[replica] = nearest = self.known.nearest(x)
            multiple = nearest.distance / self.scale
            said.append(None if multiple <= self.limit else self._sentence(multiple))  # nor is a number that is none
        return said

    def _sentence(self, multiple: float) -> str:
        return (
            f"the geometry is {multiple:.1f} times as far from the training frames as these are from one another "
            f"(limit {self.limit:g})"
        )


def known_from(reference: Dataset) -> TrainingFrames:
    """The frames of a dataset, known by their inverse distances."""
    from supple.molecule.descriptors import InverseDistances
    from supple.molecule.descriptors.compiled import descriptor_function
    from supple.molecule.symmetry.permutations import find_permutations

    descriptor = InverseDistances(reference.n_atoms)
    described = descriptor_function(descriptor)
    action = descriptor.action(torch.tensor(find_permutations(reference.numbers, reference.positions))).numpy()
    return TrainingFrames(described, described(reference.positions), action)
