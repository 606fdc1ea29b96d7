"""Which geometries to calculate: some as dynamics visit them, on which errors are estimated, and some with the largest expected errors."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float

from supple.data.dataset import Dataset
from supple.data.selection.farthest import farthest_from, farthest_points
from supple.growth.dynamics import Drawn
from supple.growth.next_round import REPRESENTATIVE
from supple.models.potential import Potential

#: Reasons why geometries were chosen, besides `REPRESENTATIVE`.
EXPLORED, UNCERTAIN, LEFT = "exploration", "uncertain", "left"
#: Of a batch, this part is representative, and at most this part are geometries at which a guard triggered.
_REPRESENTATIVE, _OF_LEFT = 0.5, 0.2
#: Of all candidates, so many times the number wanted are compared, those with the largest expected errors.
_COMPARED = 8


class Choice(NamedTuple):
    """Geometries in Å, and the reason for each."""

    positions: Float[np.ndarray, "K N 3"]
    reasons: list[str]


def choose_first(explored: Dataset, count: int) -> Choice:
    """Explored geometries that are as different as possible, beginning with that of the lowest energy."""
    order = np.argsort(explored.energies, kind="stable")
    sorted_frames = explored.select(order)
    picks, _ = farthest_points(sorted_frames, count)
    return Choice(sorted_frames.positions[picks], [EXPLORED] * len(picks))


def choose(potential: Potential, train: Dataset, drawn: Drawn, count: int, rng: np.random.Generator) -> Choice:
    """A batch of geometries.

    Args:
        potential: the force field that visited them.
        train: its training frames.
        drawn: the geometries.
        count: how many to choose.
        rng: random numbers.
    """
    n_representative = min(max(1, round(_REPRESENTATIVE * count)), len(drawn.warm))
    order = rng.permutation(len(drawn.warm))
    representative = drawn.warm[order[:n_representative]]
    others = np.concatenate([drawn.warm[order[n_representative:]], drawn.hot])
    n_left = min(len(drawn.left), round(_OF_LEFT * count))
    left = drawn.left[_different(train, representative, drawn.left, n_left)]
    n_novel = min(count - n_representative - n_left, len(others))
    far = others[np.argsort(-_expected_error(potential, train, others), kind="stable")[: _COMPARED * n_novel]]
    novel = far[_different(train, np.concatenate([representative, left]), far, n_novel)]
    reasons = [REPRESENTATIVE] * len(representative) + [LEFT] * len(left) + [UNCERTAIN] * len(novel)
    return Choice(np.concatenate([representative, left, novel]), reasons)


def _expected_error(
    potential: Potential, train: Dataset, positions: Float[np.ndarray, "M N 3"]
) -> Float[np.ndarray, "M"]:
    """The error that the forces of each geometry are expected to have, up to a factor where there are no error bars yet.

    Equal for all where this kind of force field has no measure of novelty.
    """
    if potential.error_bars is not None:
        of_atoms = potential.predict(positions, uncertainty=True).forces_std
        return np.sqrt((of_atoms**2).mean(axis=1))
    novelty = potential.novelty(train.positions)
    if novelty is None:
        return np.zeros(len(positions))
    size = potential.batch_size
    parts = [novelty(torch.tensor(positions[start : start + size])) for start in range(0, len(positions), size)]
    variances: Float[np.ndarray, "M N"] = torch.cat([part.forces for part in parts]).detach().cpu().numpy()
    return np.sqrt(variances.mean(axis=1))


def _different(
    train: Dataset, chosen: Float[np.ndarray, "C N 3"], candidates: Float[np.ndarray, "K N 3"], count: int
) -> list[int]:
    """Indices of candidates that are as different as possible from training frames, those chosen before, and each other."""
    if not count:
        return []
    known = np.concatenate([train.positions, chosen])
    everything = Dataset.of(train.numbers, np.concatenate([known, candidates]))
    picks = farthest_from(everything, len(known), count)
    return [int(pick) - len(known) for pick in picks]
