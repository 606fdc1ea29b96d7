"""The small model that labels are compared with: fitted to the forces of some frames, it predicts energies and forces of others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Int

from supple.data.dataset import Dataset

#: Rows of the kernel matrix of the small model; about a second of work.
_ROWS = 3000
#: Frames that the small model predicts, besides those that it is trained on.
_PREDICTED = 2000


@runtime_checkable
class SmallModel(Protocol):
    """A force field that was fitted to a few frames."""

    def predict(
        self, positions: Float[np.ndarray, "M N 3"]
    ) -> tuple[Float[np.ndarray, "M"], Float[np.ndarray, "M N 3"]]:
        """Energies in eV, up to one constant, and forces in eV/Å."""


#: Fits a small model to frames with forces, given the permutation symmetries of the molecule. Checks are handed one, so that
#: they do not depend on the models.
FitSmallModel = Callable[[Dataset, Int[np.ndarray, "P N"]], SmallModel]


@dataclass(frozen=True, eq=False)
class SmallModelPredictions:
    """What a small model of the forces predicts of K frames.

    Attributes:
        frames: indices of the frames, shape (K,).
        held_out: which of them it was not trained on, shape (K,): its forces can be judged there alone. Its energies can
            be judged everywhere, for it is trained on forces only.
        energies: eV, shape (K,), up to one constant.
        forces: eV/Å, shape (K, N, 3).
    """

    frames: Int[np.ndarray, "K"]
    held_out: Bool[np.ndarray, "K"]
    energies: Float[np.ndarray, "K"]
    forces: Float[np.ndarray, "K N 3"]


def predict_with_small_model(
    data: Dataset,
    fittable: Bool[np.ndarray, "M"],
    permutations: Callable[[], Int[np.ndarray, "P N"]],
    fit: FitSmallModel,
) -> SmallModelPredictions | None:
    """Fit a small model to the forces of some frames, and predict others; None without forces, or with too few frames.

    Half of the training frames, and the first of those that are predicted, are frames with a known energy.

    Args:
        data: the frames.
        fittable: which of them may be used.
        permutations: returns the permutation symmetries of the molecule.
        fit: fits the model.
    """
    candidates = np.random.default_rng(0).permutation(np.flatnonzero(fittable))
    if data.forces is None or data.n_atoms < 2 or len(candidates) < 10 or data.forces[candidates].std() == 0:
        return None
    labelled = np.isfinite(data.energies[candidates])
    size = int(np.clip(_ROWS // max(3 * data.n_atoms - 6, 1), 5, 200))
    size = min(size, len(candidates) // 2)
    half = candidates[labelled][: (size + 1) // 2]
    training = np.concatenate([half, candidates[~np.isin(candidates, half)][: size - len(half)]])
    rest = ~np.isin(candidates, training)
    others = np.concatenate([candidates[labelled & rest], candidates[~labelled & rest]])[:_PREDICTED]
    frames = np.concatenate([others, training])
    energies, forces = fit(data.select(training), permutations()).predict(data.positions[frames])
    return SmallModelPredictions(frames, ~np.isin(frames, training), energies, forces)
