"""Farthest-point sampling: the same by definition, by symmetry, and no frame twice."""

from __future__ import annotations

import numpy as np
import pytest
from data.selection.peroxide import mostly_cis_and_trans, peroxide
from scipy.spatial.transform import Rotation
from toy import toy_dataset

from supple.data.dataset import Dataset
from supple.data.selection import split_dataset
from supple.data.selection.farthest import farthest_points
from supple.molecule.symmetry.permutations import find_permutations


def inverse_distances(positions: np.ndarray) -> np.ndarray:
    i, j = np.triu_indices(positions.shape[1], 1)
    return 1 / np.linalg.norm(positions[:, i] - positions[:, j], axis=-1)


def distances(data: Dataset) -> np.ndarray:
    """All distances by the definition, shape (M, M)."""
    x = inverse_distances(data.positions)
    copies = [inverse_distances(data.positions[:, p]) for p in find_permutations(data.numbers, data.positions)]
    return np.min([np.linalg.norm(x[:, None] - y[None], axis=-1) for y in copies], axis=0)


def test_each_pick_is_the_farthest_of_all_from_those_before() -> None:
    data = toy_dataset(80)
    assert len(find_permutations(data.numbers, data.positions)) > 1
    apart = distances(data)
    picks, nearest = farthest_points(data, 20)
    assert picks[0] == 0
    for k in range(1, 20):
        assert picks[k] == apart[:, picks[:k]].min(axis=1).argmax()
    assert nearest.tolist() == apart[:, picks].argmin(axis=1).tolist()


@pytest.mark.parametrize("size", [3, 10, 100])
def test_no_frame_is_far_from_a_training_frame(size: int) -> None:
    """No set of as many frames comes nearer to all others than by half (Gonzalez); random ones do not come as near."""
    data = mostly_cis_and_trans(300, rare=3)
    apart = distances(data)

    def radius(select: str, seed: int) -> float:
        return float(apart[:, list(split_dataset(data, size, 0, 0, seed, select=select).train)].min(axis=1).max())

    random = [radius("random", seed) for seed in range(30)]
    farthest = [radius("farthest", seed) for seed in range(30)]
    assert max(farthest) <= 2 * min(random)
    assert np.mean(farthest) < 0.8 * np.mean(random)


@pytest.mark.parametrize("seed", [0, 1])
def test_it_does_not_feel_where_a_frame_lies_nor_which_equal_atom_is_which(seed: int) -> None:
    data = toy_dataset(60)
    rng = np.random.default_rng(seed)
    turns = Rotation.random(60, rng=rng).as_matrix()
    permutations = find_permutations(data.numbers, data.positions)
    renamed = np.stack([r[p] for r, p in zip(data.positions, rng.choice(permutations, 60), strict=True)])
    moved = np.einsum("mij,mnj->mni", turns, renamed) + rng.normal(size=(60, 1, 3))
    other = Dataset.of(data.numbers, moved)
    for before, after in zip(farthest_points(data, 30), farthest_points(other, 30), strict=True):
        np.testing.assert_array_equal(before, after)


def test_a_mirrored_frame_is_no_news() -> None:
    """Distances do not tell a frame from its mirror image, and no model of ours does."""
    data = peroxide([100, -100, 60], noise=0.0)
    picks, nearest = farthest_points(data, 2)
    assert (picks.tolist(), nearest.tolist()) == ([0, 2], [0, 0, 1])


def test_equal_frames_come_last_and_once() -> None:
    data = peroxide([170, 170, 90, 90, 10], noise=0.0)
    picks, _ = farthest_points(data, 9)
    assert sorted(picks.tolist()) == [0, 1, 2, 3, 4]
    assert {data.positions[i].tobytes() for i in picks[:3]} == {data.positions[i].tobytes() for i in (0, 2, 4)}
