"""Splits: nested, disjoint, the same each time, stored, and refused with a reason."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from supple.data.splits import Split, draw_split
from supple.errors import SplitError

counts = st.integers(0, 60)


@given(st.integers(1, 150), counts, counts, st.none() | counts, st.integers(0, 2**32))
def test_disjoint_and_complete(frames: int, train: int, valid: int, test: int | None, seed: int) -> None:
    assume(train >= 1 and train + valid + (test or 0) <= frames)
    split = draw_split(frames, train, valid, test, seed)
    used = [*split.train, *split.valid, *split.test]
    assert (len(split.train), len(split.valid)) == (train, valid)
    assert len(split.test) == (frames - train - valid if test is None else test)
    assert len(set(used)) == len(used)
    assert set(used) <= set(range(frames))
    assert split == draw_split(frames, train, valid, test, seed)


def test_nested_with_the_same_validation_and_test_frames() -> None:
    small, large = (draw_split(1000, size, 100, 300, seed=5) for size in (200, 600))
    assert large.train[:200] == small.train
    assert (large.valid, large.test) == (small.valid, small.test)


def test_the_frames_of_a_seed_never_change() -> None:
    """Runs and studies resume with the frames they began with: these numbers must hold in every version."""
    assert draw_split(30, 8, 5, 6, seed=3) == Split(
        3, (26, 20, 23, 3, 27, 12, 17, 28), (22, 5, 21, 19, 24), (2, 29, 16, 14, 4, 7)
    )
    assert draw_split(12, 4, 3, seed=0) == Split(0, (9, 2, 7, 4), (10, 8, 1), (5, 11, 0, 3, 6))
    large = draw_split(8000, 1000, 200, 2000, seed=1)
    digest = hashlib.sha256(json.dumps([large.train, large.valid, large.test]).encode()).hexdigest()
    assert digest == "bd4f2207ee7e03f1557dffcd460baec2d200517e9fa103032028ed0991c97cb5"


def test_another_seed_draws_other_frames() -> None:
    assert draw_split(100, 20, 20, seed=0) != draw_split(100, 20, 20, seed=1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((10, 0, 1), "0 training frames are not enough: choose at least 1"),
        ((10, -3, 1), "-3 training frames are not enough"),
        ((10, 1, -1), "cannot be negative"),
        ((10, 1, 1, -1), "cannot be negative"),
        (
            (10, 8, 2, 3),
            r"8 training \+ 2 validation \+ 3 test = 13 frames were requested, but there are only 10: choose at most 5 training",
        ),
        ((10, 12, 0), "at most 10 training frames"),
        ((10, 5, 2, None, -1), "The seed -1 is negative"),
    ],
)
def test_refusals(arguments: tuple[int, ...], words: str) -> None:
    with pytest.raises(SplitError, match=words):
        draw_split(*arguments)


def test_overlap_and_repetition() -> None:
    with pytest.raises(SplitError, match=r"frame 2 is both a training and a test frame \(1 in common\)"):
        Split(0, (1, 2), (3,), (2, 4))
    with pytest.raises(SplitError, match="validation frames of the split contain a frame twice"):
        Split(0, (1, 2), (3, 3), ())


def test_saved_and_loaded(tmp_path: Path) -> None:
    split = draw_split(50, 20, 10, seed=3)
    split.save(tmp_path / "split.json")
    assert Split.load(tmp_path / "split.json", n_frames=50) == split
    assert repr(split) == "Split(seed=3, 20 train, 10 valid, 20 test)"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("not json", "is not a split"),
        ("[1, 2]", "is not a split"),
        ('{"train": ["a"]}', "is not a split"),
        ('{"train": 3}', "is not a split"),
        ('{"train": [1], "valid": [1]}', "The split overlaps"),
        ('{"train": [1], "blocks": "many"}', "is not a split"),
        ('{"train": [7]}', "lists frame 7, but the data have frames 0 to 4"),
        ('{"train": [-1]}', "lists frame -1, but frames are counted from 0"),
    ],
)
def test_broken_files(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "split.json").write_text(content)
    with pytest.raises(SplitError, match=words):
        Split.load(tmp_path / "split.json", n_frames=5)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SplitError, match=r"absent\.json cannot be read: No such file"):
        Split.load(tmp_path / "absent.json")


def test_a_file_of_lists_alone_will_do(tmp_path: Path) -> None:
    (tmp_path / "split.json").write_text(json.dumps({"train": [1, 2], "test": [0]}))
    assert Split.load(tmp_path / "split.json") == Split(0, (1, 2), (), (0,))
