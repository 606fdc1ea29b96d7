"""Splits by blocks of time: nothing that tests or validates has a neighbour that trains."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from supple.data.splits import Split, draw_split
from supple.data.time_blocks import margin_of
from supple.errors import SplitError


def nearest(some: tuple[int, ...], others: tuple[int, ...]) -> int:
    """The smallest step in time between a frame of one list and one of the other."""
    if not some or not others:
        return 10**9
    return int(np.abs(np.array(some)[:, None] - np.array(others)).min())


@settings(deadline=None)
@given(
    st.integers(30, 400),
    st.integers(1, 20),
    st.integers(0, 40),
    st.none() | st.integers(0, 40),
    st.integers(3, 40),
    st.integers(0, 2**32),
)
def test_a_margin_stands_between_training_frames_and_all_others(
    frames: int, train: int, valid: int, test: int | None, blocks: int, seed: int
) -> None:
    try:
        split = draw_split(frames, train, valid, test, seed, blocks=blocks)
    except SplitError:
        assume(False)
    margin = margin_of(frames, blocks)
    assert (len(split.train), len(split.valid)) == (train, valid)
    assert test is None or len(split.test) == test
    assert nearest(split.train, split.test) > margin
    assert nearest(split.train, split.valid) > margin
    assert nearest(split.valid, split.test) > margin
    assert split == draw_split(frames, train, valid, test, seed, blocks=blocks)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 1000), st.sampled_from([None, 100]))
def test_sizes_are_nested_with_the_same_validation_and_test_frames(seed: int, test: int | None) -> None:
    small, large = (draw_split(1000, size, 100, test, seed, blocks=20) for size in (50, 300))
    assert large.train[:50] == small.train
    assert (large.valid, large.test) == (small.valid, small.test)


def test_frames_come_from_whole_blocks_as_few_as_will_do() -> None:
    split = draw_split(1000, 300, 90, 180, seed=2, blocks=10)
    blocks = [{frame // 100 for frame in part} for part in (split.train, split.valid, split.test)]
    assert [len(b) for b in blocks[1:]] in ([1, 2], [2, 2])  # two where the edge of a test block was left out
    assert not blocks[0] & (blocks[1] | blocks[2])


def test_without_a_number_a_fifth_of_the_blocks_tests_with_all_its_frames() -> None:
    split = draw_split(1000, 100, 50, seed=1, blocks=20)
    assert len(split.test) == 200
    counts = np.bincount(np.array(split.test) // 50)
    assert set(counts) <= {0, 50}


def test_seeds_test_other_blocks() -> None:
    tested = {tuple(sorted(draw_split(300, 20, 20, 30, seed, blocks=10).test)) for seed in range(6)}
    assert len(tested) > 3


@pytest.mark.parametrize(
    ("arguments", "blocks", "words"),
    [
        ((100, 10, 10), 2, "2 blocks are not enough: training, validation and test need at least 3"),
        ((100, 10, 10), -1, "-1 blocks are not enough"),
        ((100, 10, 10), 51, "100 frames cannot be divided into 51 blocks of 2 or more: choose at most 50 blocks"),
        ((100, 10, 40, 40), 3, "40 validation frames and 40 test frames leave none of the 3 blocks for training"),
        ((100, 10, 80), 4, "80 validation frames leave none of the 4 blocks for training"),
        (
            (100, 80, 10, 10),
            10,
            r"80 training frames were requested, but the blocks .* have only \d\d, without those at their edges: choose fewer",
        ),
    ],
)
def test_refusals(arguments: tuple[int, ...], blocks: int, words: str) -> None:
    with pytest.raises(SplitError, match=words):
        draw_split(*arguments, blocks=blocks)


def test_a_split_says_how_it_was_drawn(tmp_path) -> None:
    split = draw_split(100, 10, 5, seed=1, blocks=10)
    assert repr(split) == "Split(seed=1, 10 train, 5 valid, 20 test, blocks=10)"
    split.save(tmp_path / "split.json")
    assert Split.load(tmp_path / "split.json") == split
