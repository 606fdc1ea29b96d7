"""Energies of the training frames are spread like those of the data, more evenly than luck has it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supple.data.dataset import Dataset
from supple.data.selection import split_dataset
from supple.data.selection.energy import energy_order, even_walk
from supple.errors import DataError

N = 700


def with_energies(energies: np.ndarray) -> Dataset:
    return Dataset.of([1, 1], np.random.default_rng(0).normal(size=(len(energies), 2, 3)), energies, name="h2.xyz")


@given(st.integers(0, 300), st.integers(0, 1000))
def test_the_walk_visits_each_place_once(length: int, seed: int) -> None:
    assert sorted(even_walk(length, seed)) == list(range(length))


@given(st.integers(0, 6), st.integers(0, 1000))
def test_after_a_power_of_two_of_steps_each_part_of_the_line_has_been_visited_once(level: int, seed: int) -> None:
    parts = 2**level
    assert sorted(even_walk(64, seed)[:parts] * parts // 64) == list(range(parts))


@pytest.mark.parametrize("size", [10, 25, 50, 100, 333])
def test_energies_follow_those_of_the_data_more_closely_than_random_ones(size: int) -> None:
    """The largest gap between the two cumulative distributions, as of Kolmogorov and Smirnov."""
    data = with_energies(np.random.default_rng(1).gumbel(size=N))
    ranks = np.argsort(np.argsort(data.energies))

    def gap(train: tuple[int, ...]) -> float:
        taken = np.sort(ranks[list(train)]) / N
        steps = np.arange(size + 1) / size
        return float(max(np.abs(steps[1:] - taken).max(), np.abs(steps[:-1] - taken).max()))

    gaps = {
        select: np.mean([gap(split_dataset(data, size, 0, 0, seed, select=select).train) for seed in range(10)])
        for select in ("random", "energy")
    }
    assert gaps["energy"] < 0.6 * gaps["random"]
    assert gaps["energy"] < 3 / size


def test_frames_of_unknown_energy_keep_their_share() -> None:
    energies = np.random.default_rng(2).normal(size=N)
    energies[:210] = np.nan
    data = with_energies(energies)
    for size in (20, 50, 200):
        train = split_dataset(data, size, 50, 50, select="energy").train
        assert np.isnan(energies[list(train)]).mean() == pytest.approx(0.3, abs=0.06)


def test_equal_energies_are_no_trouble() -> None:
    order = energy_order(with_energies(np.zeros(20)), np.arange(20), 20, 0)
    assert sorted(order) == list(range(20))


def test_without_any_energy_there_is_nothing_to_go_by() -> None:
    data = Dataset.of([1, 1], np.random.default_rng(0).normal(size=(20, 2, 3)), name="blind.xyz")
    with pytest.raises(
        DataError, match=r"blind\.xyz has no energies by which to choose .* \(random, farthest or balanced\)"
    ):
        data.split(5, 5, select="energy")
