"""What is true of every selection."""

from __future__ import annotations

import numpy as np
import pytest
from data.selection.peroxide import mostly_cis_and_trans
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from installed_plugin import install

from supple.data.dataset import Dataset
from supple.data.selection import SELECTIONS, duplicate_note, split_dataset
from supple.data.splits import draw_split
from supple.errors import SettingsError, SplitError

DATA = mostly_cis_and_trans(60, rare=3)


@pytest.mark.parametrize("name", SELECTIONS.names)
def test_training_frames_are_nested_at_all_sizes(name: str) -> None:
    largest = split_dataset(DATA, 40, 10, 10, seed=3, select=name)
    for size in range(1, 41):
        assert split_dataset(DATA, size, 10, 10, seed=3, select=name).train == largest.train[:size]


@pytest.mark.parametrize("name", SELECTIONS.names)
def test_an_order_has_every_candidate_once(name: str) -> None:
    candidates = np.random.default_rng(0).permutation(60)[:37]
    order = SELECTIONS.get(name)(DATA, candidates, 37, 5)
    assert sorted(order) == sorted(candidates)


@settings(deadline=None)
@given(
    st.sampled_from(SELECTIONS.names),
    *(st.integers(1, 25) for _ in range(2)),
    st.none() | st.integers(0, 25),
    st.none() | st.integers(3, 12),
    st.integers(0, 2**32),
)
def test_validation_and_test_frames_are_the_same_for_all_selections(
    name: str, train: int, valid: int, test: int | None, blocks: int | None, seed: int
) -> None:
    try:
        random = draw_split(len(DATA), train, valid, test, seed, blocks=blocks)
    except SplitError:
        assume(False)
    chosen = split_dataset(DATA, train, valid, test, seed, select=name, blocks=blocks)
    assert (len(chosen.train), chosen.select, chosen.blocks) == (train, name, blocks)
    assert chosen.valid == random.valid
    if test is not None or blocks is not None:
        assert chosen.test == random.test
    else:
        assert len(chosen.test) == len(DATA) - train - valid
    assert not set(chosen.train) & {*chosen.valid, *chosen.test}


@pytest.mark.parametrize("name", SELECTIONS.names)
def test_a_seed_draws_the_same_twice_and_another_seed_others(name: str) -> None:
    first, again, other = (split_dataset(DATA, 20, 5, 5, seed=seed, select=name).train for seed in (1, 1, 2))
    assert first == again
    assert set(first) != set(other)


def test_random_is_what_draw_split_draws() -> None:
    assert split_dataset(DATA, 20, 5, seed=4) == draw_split(60, 20, 5, seed=4)
    assert split_dataset(DATA, 20, 5, 10, seed=4) == draw_split(60, 20, 5, 10, seed=4)


def test_a_name_that_is_none() -> None:
    with pytest.raises(SettingsError, match=r"'fps' is not a way .* choose one of random, energy, farthest, balanced"):
        DATA.split(10, 5, select="fps")


def test_from_the_dataset() -> None:
    train, valid, test = DATA.split(train=20, valid=5, test=10, seed=1, select="farthest", blocks=6)
    split = split_dataset(DATA, 20, 5, 10, 1, select="farthest", blocks=6)
    assert [part.frames.tolist() for part in (train, valid, test)] == [
        list(part) for part in (split.train, split.valid, split.test)
    ]


def with_copies(*copied: int) -> Dataset:
    """The frames with copies of some of them at the end."""
    return DATA.select([*range(len(DATA)), *copied])


@pytest.mark.parametrize("blocks", [None, 6])
@pytest.mark.parametrize("name", list(SELECTIONS))
def test_frames_that_equal_an_earlier_one_are_in_no_part(name: str, blocks: int | None) -> None:
    data = with_copies(3, 50, 3)
    assert data.duplicates == (60, 61, 62)
    for seed in range(4):
        split = split_dataset(data, 20, 5, 8, seed, select=name, blocks=blocks)
        assert (len(split.train), len(split.valid), len(split.test)) == (20, 5, 8)
        assert not {60, 61, 62} & {*split.train, *split.valid, *split.test}


def test_all_that_remains_for_testing_has_no_copies_either() -> None:
    assert len(split_dataset(with_copies(*range(60)), 40, 5).test) == 15


def test_copies_are_named_and_do_not_count() -> None:
    assert duplicate_note(DATA) is None
    assert (
        duplicate_note(with_copies(7))
        == "peroxide.xyz: frame 7 equals an earlier one and is neither trained nor tested on."
    )
    with pytest.raises(SplitError, match=r"there are only 60 \(another 60 equal an earlier one\)"):
        split_dataset(with_copies(*range(60)), 70, 5)


def last_order(dataset, candidates, count, seed):
    """A selection that a plugin might add."""
    return np.sort(candidates)[::-1][:count]


def test_a_plugin_adds_a_selection(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, SELECTIONS, "last", f"{__name__}:last_order")
    split = split_dataset(DATA, 10, 5, 5, select="last")
    assert split.train == tuple(sorted(set(range(60)) - {*split.valid, *split.test}, reverse=True))[:10]
