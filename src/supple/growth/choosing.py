"""Which geometries to calculate: some as dynamics visit them, on which errors are estimated, and some with the largest expected errors."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float

from supple.data.dataset import Dataset
from supple.evaluation.next_frames import most_useful
from supple.growth.dynamics import Drawn
from supple.growth.next_round import REPRESENTATIVE
from supple.models.potential import Potential
from supple.sampling.exploration.explore import Explored
from supple.sampling.exploration.first_batch import first_batch

#: Reasons why geometries were chosen, besides `REPRESENTATIVE`.
GIVEN, EXPLORED, UNCERTAIN, LEFT = "given", "exploration", "uncertain", "left"
#: The part of a batch that is representative.
_REPRESENTATIVE = 0.5


class Choice(NamedTuple):
    """Geometries in Å, and the reason for each."""

    positions: Float[np.ndarray, "K N 3"]
    reasons: list[str]


def choose_first(explored: Explored, count: int, seed: int) -> Choice:
    """Explored geometries of all regions: conformers first, and then frames of every range of every torsion."""
    return Choice(explored.positions[(picks := first_batch(explored, count, seed))], [EXPLORED] * len(picks))


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
    warm = drawn.warm[rng.permutation(len(drawn.warm))]
    candidates = np.concatenate([warm, drawn.hot, drawn.left])
    is_new = np.ones(len(candidates), dtype=bool)
    representative = range(n_representative)
    dataset = Dataset.of(train.numbers, candidates)
    expected = _expected_error(potential, train, candidates)
    is_new[list(dataset.duplicates)] = False
    picks, _ = most_useful(dataset, expected, count - n_representative, is_new, representative)
    reasons = [LEFT if pick >= len(candidates) - len(drawn.left) else UNCERTAIN for pick in picks]
    chosen = candidates[[*representative, *picks]]
    return Choice(chosen, [REPRESENTATIVE] * n_representative + reasons)


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
