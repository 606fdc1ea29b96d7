"""Which geometries to calculate next: those where the force field expects large errors, none of them like another.

Frames are taken one after the other, each time the one with the largest

    σ_i² · min(1, d_i²/D²)

where σ_i is the expected error of its forces (root mean square of the error bars), d_i the distance to the nearest frame that was taken before (inverse distances, over the
permutations of equal atoms), and D the median distance between frames. Error bars alone take the same region again and again; distances alone take what is rare, whether
the force field knows it or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from supple.data.dataset import Dataset
from supple.data.selection.farthest import FrameDistances
from supple.errors import SplitError
from supple.models.potential import Potential

#: Frames from which the median distance is taken.
_SAMPLE = 50


@dataclass(frozen=True, eq=False)
class NextFrames:
    """Frames to calculate, the most useful first.

    Attributes:
        frames: their indices in the dataset, shape (K,).
        expected_errors: of their force components, eV/Å, shape (K,).
        distances: to the nearest frame that was taken before, in units of the median distance between frames; infinite for the first.
        of_all: the expected errors of all frames of the dataset, shape (M,).
    """

    frames: Int[np.ndarray, "K"]
    expected_errors: Float[np.ndarray, "K"]
    distances: Float[np.ndarray, "K"]
    of_all: Float[np.ndarray, "M"]


def next_frames(potential: Potential, dataset: Dataset, count: int) -> NextFrames:
    """Choose frames to calculate.

    Frames on which the force field was trained or validated, and those that equal an earlier one, are never taken.

    Args:
        potential: with error bars.
        dataset: geometries, their atoms in the order of the force field.
        count: how many, at most.

    Raises:
        SettingsError: the force field has no error bars.
        SplitError: none of the frames is new.
    """
    stds = potential.predict(dataset.positions, uncertainty=True).forces_std
    expected = np.sqrt((stds**2).mean(axis=1))
    seen = set(potential.provenance.seen_frames)
    is_new = np.array([frame not in seen for frame in dataset.frame_hashes], dtype=bool) & np.isfinite(expected)
    is_new[list(dataset.duplicates)] = False
    if not is_new.any():
        raise SplitError(
            f"The force field was trained or validated on every frame of {dataset.source.name}: none is new."
        )
    chosen, apart = most_useful(dataset, expected, count, is_new)
    return NextFrames(chosen, expected[chosen], apart, expected)


def most_useful(
    dataset: Dataset,
    expected: Float[np.ndarray, "M"],
    count: int,
    is_new: Bool[np.ndarray, "M"],
    taken: Sequence[int] = (),
) -> tuple[Int[np.ndarray, "K"], Float[np.ndarray, "K"]]:
    """Frames to calculate, and the distance of each to the nearest one that was taken before.

    Args:
        dataset: geometries.
        expected: the error that is expected of the forces of each, up to a common factor.
        count: how many, at most.
        is_new: which may be taken.
        taken: those that are taken already.
    """
    distances = FrameDistances(dataset)
    scale = _median_distance(distances, len(dataset))
    nearest, is_new = np.full(len(dataset), np.inf), is_new.copy()

    def take(frame: int) -> None:
        is_new[frame] = False
        np.minimum(nearest, distances.squared_distances(frame).numpy() ** 0.5 / scale, out=nearest)

    for frame in taken:
        take(frame)
    frames, apart = [], []
    for _ in range(min(count, int(is_new.sum()))):
        pick = int(np.argmax(np.where(is_new, expected**2 * np.minimum(1.0, nearest**2), -1.0)))
        frames.append(pick)
        apart.append(float(nearest[pick]))
        take(pick)
    return np.array(frames, dtype=np.int64), np.array(apart)


def _median_distance(distances: FrameDistances, n: int) -> float:
    """Between frames; 1 where all are equal."""
    some = np.unique(np.linspace(0, n - 1, _SAMPLE).round().astype(int))
    squares = np.concatenate([np.delete(distances.squared_distances(int(k)).numpy(), k) for k in some])
    return float(np.median(squares) ** 0.5) or 1.0 if len(squares) else 1.0
