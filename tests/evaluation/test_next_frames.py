"""Which geometries to calculate next: with large expected errors, new, and unlike each other."""

import numpy as np
import pytest
from toy import toy_dataset

from supple import SGDML, Dataset
from supple.errors import SettingsError, SplitError
from supple.evaluation.next_frames import next_frames

TRAIN, VALID, _ = toy_dataset(80).split(train=40, valid=20, seed=0)


@pytest.fixture(scope="module")
def potential():
    return SGDML(sigma=8.0).fit(TRAIN, VALID)


def pool(*parts):
    return Dataset.of(TRAIN.numbers, np.concatenate(parts), name="pool.xyz")


def test_takes_what_the_force_field_knows_least(potential):
    near, far = toy_dataset(40, seed=5).positions, toy_dataset(10, seed=6, amplitude=0.2).positions
    found = next_frames(potential, pool(near, far), 8)
    assert found.frames[0] == np.argmax(found.of_all)
    assert (found.frames >= 40).mean() > 0.7
    assert len(set(found.frames.tolist())) == 8
    np.testing.assert_array_equal(found.expected_errors, found.of_all[found.frames])


def test_takes_one_of_many_that_are_alike(potential):
    odd = toy_dataset(2, seed=6, amplitude=0.2).positions
    alike = odd[:1] + 1e-3 * np.random.default_rng(0).normal(size=(20, 6, 3))
    found = next_frames(potential, pool(alike, odd[1:], toy_dataset(10, seed=5).positions), 5)
    assert (found.frames < 20).sum() == 1


def test_the_first_of_many_are_the_same_as_few(potential):
    some = pool(toy_dataset(30, seed=5).positions)
    few, many = (next_frames(potential, some, count).frames for count in (5, 12))
    np.testing.assert_array_equal(many[:5], few)
    assert len(next_frames(potential, some, 99).frames) == 30


def test_never_what_it_was_trained_on_or_what_comes_twice(potential):
    new = toy_dataset(5, seed=5).positions
    found = next_frames(potential, pool(TRAIN.positions, VALID.positions, new, new), 99)
    assert sorted(found.frames.tolist()) == [60, 61, 62, 63, 64]
    with pytest.raises(SplitError, match="every frame of"):
        next_frames(potential, TRAIN, 5)


def test_needs_error_bars():
    blind = SGDML(sigma=8.0).fit(TRAIN, VALID)
    blind.error_bars = None
    with pytest.raises(SettingsError, match="supple calibrate"):
        next_frames(blind, VALID, 5)
