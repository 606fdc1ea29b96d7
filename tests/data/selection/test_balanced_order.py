"""Balanced: rare regions get their share, common ones are not forgotten."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import molecule
from data.selection.peroxide import mostly_cis_and_trans, peroxide
from hypothesis import given, settings
from hypothesis import strategies as st

from supple.data.dataset import Dataset
from supple.data.selection import split_dataset
from supple.data.selection.balanced import balanced_order, regions

DATA = mostly_cis_and_trans(200, rare=10)


def bent_water(n_frames: int = 100, rare: int = 5) -> Dataset:
    """Water, that nothing turns in; a few frames in the middle of the file are nearly straight."""
    rng = np.random.default_rng(0)
    atoms = molecule("H2O")
    frames = []
    for i in range(n_frames):
        atoms.set_angle(1, 0, 2, 165 if 50 <= i < 50 + rare else 104, indices=[2])
        frames.append(atoms.positions + 0.01 * rng.standard_normal((3, 3)))
    return Dataset.of(atoms.numbers, frames)


@settings(deadline=None)
@given(st.integers(1, 150), st.integers(0, 100))
def test_each_region_has_its_share_and_half_of_the_frames_are_random(count: int, seed: int) -> None:
    candidates = np.random.default_rng(seed).permutation(200)[:150]
    order = balanced_order(DATA, candidates, count, seed)
    assert set(candidates[: -(-count // 2)]) <= set(order)  # what a random draw of half as many takes
    views = regions(DATA.select(candidates))
    assert len(views) == 2
    for view in views:
        turns = count // 2 // len(views)
        names, sizes = np.unique(view, return_counts=True)
        taken = np.isin(candidates, order)
        for name, size in zip(names, sizes, strict=True):
            assert taken[view == name].sum() >= min(size, turns // len(names))


def test_a_barrier_that_random_frames_miss() -> None:
    data = mostly_cis_and_trans(400, rare=8)
    angles = np.abs([_dihedral(frame) for frame in data.positions])
    rare = np.flatnonzero((angles > 80) & (angles < 120))
    assert len(rare) == 8
    found = {
        select: [len(set(split_dataset(data, 40, 0, 100, seed, select=select).train) & set(rare)) for seed in range(10)]
        for select in ("random", "balanced")
    }
    assert np.mean(found["random"]) < 1.5
    assert min(found["balanced"]) >= 3


def test_a_molecule_that_does_not_turn_is_balanced_over_clusters() -> None:
    data = bent_water()
    assert len(regions(data)) == 1
    rare = set(range(50, 55))
    found = {
        select: [len(set(split_dataset(data, 20, 0, 20, seed, select=select).train) & rare) for seed in range(10)]
        for select in ("random", "balanced")
    }
    assert np.mean(found["balanced"]) > 2 * np.mean(found["random"])


def test_regions_are_parts_of_30_degrees_whatever_the_sign_of_the_turn() -> None:
    torsion = regions(peroxide([5, 25, 35, 55, -5, -25, 170, 175], noise=0.0))[0]
    assert torsion.tolist() == [1, 1, 2, 2, 0, 0, 6, 6]


@pytest.mark.parametrize("angle", [10.0, 100.0, 170.0])
def test_frames_that_are_all_alike_have_one_region(angle: float) -> None:
    data = peroxide([angle] * 5, noise=0.0)
    assert [len(np.unique(view)) for view in regions(data)] == [1]
    assert sorted(balanced_order(data, np.arange(5), 5, 0)) == [0, 1, 2, 3, 4]


def _dihedral(frame: np.ndarray) -> float:
    from ase import Atoms

    return (Atoms("OOHH", frame).get_dihedral(2, 0, 1, 3) + 180) % 360 - 180
