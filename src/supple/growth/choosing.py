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
from supple.growth.reach import BARRIER, within_reach
from supple.models.potential import Potential
from supple.sampling.exploration.explore import Explored
from supple.sampling.exploration.first_batch import first_batch

#: Reasons why geometries were chosen, besides `REPRESENTATIVE`.
GIVEN, EXPLORED, UNCERTAIN, LEFT = "given", "exploration", "uncertain", "left"
#: The part of a batch that is representative.
_REPRESENTATIVE = 0.75


class Choice(NamedTuple):
    """Geometries in Å, and the reason for each."""

    positions: Float[np.ndarray, "K N 3"]
    reasons: list[str]


def choose_first(explored: Explored, count: int, temperature: float, seed: int) -> Choice:
    """Explored geometries of all regions within reach: conformers first, and then frames of every range of every torsion."""
    energies, n_atoms = explored.energies, len(explored.numbers)
    near = explored.select(within_reach(energies, n_atoms, temperature, float(energies.min()), BARRIER))
    return Choice(near.positions[(picks := first_batch(near, count, seed))], [EXPLORED] * len(picks))


def choose(
    potential: Potential, train: Dataset, drawn: Drawn, count: int, temperature: float, rng: np.random.Generator
) -> Choice:
    """A batch of geometries.

    Frames of hotter dynamics with energies that the temperature never reaches are left out: their errors are the largest, and to learn them lowers
    those at the temperature least (docs/results/grow.md).

    Args:
        potential: the force field that visited them.
        train: its training frames.
        drawn: the geometries.
        count: how many to choose.
        temperature: at which the force field is to be used, K.
        rng: random numbers.
    """
    n_representative = min(max(1, round(_REPRESENTATIVE * count)), len(drawn.warm))
    warm = drawn.warm[rng.permutation(len(drawn.warm))]
    candidates = np.concatenate([warm, drawn.hot, drawn.left])
    representative = range(n_representative)
    dataset = Dataset.of(train.numbers, candidates)
    expected = _expected_error(potential, train, candidates)
    energies = potential.predict(candidates)[0]
    lowest = min(float(np.nanmin(train.energies)), float(energies[: len(warm)].min(initial=np.inf)))
    is_new = within_reach(energies, train.n_atoms, temperature, lowest)
    is_new[n_representative : len(warm)] = True  # they were reached
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
