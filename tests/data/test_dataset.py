"""Dataset: what it refuses, that it cannot be changed, and how frames are chosen."""

from __future__ import annotations

import numpy as np
import pytest

from supple.data.dataset import Dataset
from supple.errors import DataError

R = np.random.default_rng(0).normal(size=(6, 3, 3))
E = np.arange(6.0)
F = -R


@pytest.fixture
def water() -> Dataset:
    return Dataset.of([8, 1, 1], R, E, F, "kcal/mol", "water.xyz")


def test_repr_and_names(water: Dataset) -> None:
    assert repr(water) == "Dataset(water.xyz: H2O, 6 frames, 6 energies, forces)"
    assert repr(Dataset.of([8, 1, 1], R)) == "Dataset(unnamed: H2O, 6 frames, no energies, no forces)"
    assert water.symbols == ["O", "H", "H"]
    assert water.n_atoms == 3
    assert len(water) == 6
    assert Dataset.of([7, 1, 6, 8, 6], np.zeros((0, 5, 3))).formula == "C2HNO"


def test_it_cannot_be_changed(water: Dataset) -> None:
    assert water.forces is not None
    chosen = water.select([0, 1])
    for array in (water.numbers, water.positions, water.energies, water.forces, water.frames, chosen.positions):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    with pytest.raises(AttributeError):
        water.energies = E  # type: ignore[misc]


def test_the_arrays_that_it_was_made_of_stay_the_callers() -> None:
    numbers, positions = np.array([8, 1, 1]), R.copy()
    data = Dataset.of(numbers, positions, E, F)
    numbers[0], positions[0, 0, 0] = 16, 99.0
    assert data.numbers[0] == 8
    assert data.positions[0, 0, 0] == R[0, 0, 0]


def test_select(water: Dataset) -> None:
    chosen = water.select([4, 1])
    assert chosen.frames.tolist() == [4, 1]
    assert np.array_equal(chosen.positions, water.positions[[4, 1]])
    assert chosen.select(np.array([1])).frames.tolist() == [1]
    assert chosen.source == water.source
    assert len(water.select([])) == 0
    assert water.select(water.frames > 3).frames.tolist() == [4, 5]
    with pytest.raises(IndexError):
        water.select([6])


def test_split_and_apply(water: Dataset) -> None:
    train, valid, test = water.split(train=3, valid=1, seed=4)
    assert [len(part) for part in (train, valid, test)] == [3, 1, 2]
    assert sorted([*train.frames, *valid.frames, *test.frames]) == list(range(6))


def test_fingerprint(water: Dataset) -> None:
    assert water.fingerprint == Dataset.of([8, 1, 1], R, E, F, "kcal/mol", "another name").fingerprint
    for other in (
        Dataset.of([16, 1, 1], R, E, F, "kcal/mol"),
        Dataset.of([8, 1, 1], R + 1e-9, E, F, "kcal/mol"),
        Dataset.of([8, 1, 1], R, E + 1e-9, F, "kcal/mol"),
        Dataset.of([8, 1, 1], R, E, -F, "kcal/mol"),
        Dataset.of([8, 1, 1], R, E, None, "kcal/mol"),
        Dataset.of([8, 1, 1], R, E, F),
    ):
        assert other.fingerprint != water.fingerprint


def test_frame_hashes_know_a_frame_again(water: Dataset) -> None:
    again = Dataset.of([8, 1, 1], R[::-1] + 1e-9)
    assert again.frame_hashes == water.frame_hashes[::-1]
    assert len(set(water.frame_hashes)) == 6


def test_energies_that_are_not_known(water: Dataset) -> None:
    partly = Dataset.of([8, 1, 1], R, [np.nan, *E[1:]], F)
    assert partly.has_energies
    assert "5 energies" in repr(partly)
    assert not Dataset.of([8, 1, 1], R).has_energies


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([8, 1], R), r"x: positions have shape \(6, 3, 3\), but 2 atoms need \(frames, 2, 3\)"),
        (([8, 1, 1], R[0]), r"x: positions have shape \(3, 3\)"),
        (([8, 1, 1], R, E[1:]), r"x: energies have shape \(5,\), but there are 6 frames"),
        (([8, 1, 1], R, E, F[1:]), r"x: forces have shape \(5, 3, 3\) and positions \(6, 3, 3\)"),
        (([8, 1, 1], np.where(R[2, 1, 0] == R, np.nan, R)), "position of atom 2 in frame 2 is NaN or infinite"),
        (([8, 1, 1], R, E, np.where(R[5, 2, 0] == R, np.inf, F)), "force of atom 3 in frame 5 is NaN or infinite"),
        (([8, 1, 1], R, [0, 1, 2, np.inf, 4, 5]), "energy of frame 3 is infinite"),
    ],
)
def test_refusals(arguments: tuple[object, ...], words: str) -> None:
    with pytest.raises(DataError, match=words):
        Dataset.of(*arguments, name="x")  # type: ignore[arg-type]
