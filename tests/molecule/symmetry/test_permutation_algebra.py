"""The algebra of permutations, on the symmetric group of four."""

from itertools import permutations

import numpy as np
import pytest

from supple.molecule.symmetry.permutation_algebra import (
    action_on,
    closure,
    generated,
    identity,
    inverse,
    is_group,
    moved,
    orbits,
    product,
)

ALL = list(permutations(range(4)))


def test_a_product_is_one_after_the_other():
    x = np.array([10, 11, 12, 13])
    for p in ALL:
        assert product(p, inverse(p)) == product(inverse(p), p) == identity(4)
        for q in ALL:
            np.testing.assert_array_equal(x[list(p)][list(q)], x[list(product(p, q))])


def test_groups():
    rotations = [(0, 1, 2, 3), (0, 2, 3, 1), (0, 3, 1, 2)]
    assert is_group(ALL)
    assert is_group(rotations)
    assert not is_group(rotations[:2])
    assert not is_group(rotations[1:])
    assert not is_group([])
    assert generated([(0, 2, 3, 1)]) == set(rotations)
    assert generated([(0, 2, 3, 1), (1, 0, 2, 3)]) == set(ALL)
    assert 10 < len(generated([(0, 2, 3, 1), (1, 0, 2, 3)], most=10)) < 24


def test_orbits_and_moved_places():
    assert orbits([(0, 1, 2, 3), (0, 2, 3, 1), (0, 3, 1, 2)]) == [(0,), (1, 2, 3)]
    assert moved((0, 2, 3, 1)) == [1, 2, 3]


def test_entries_are_the_same_from_either_end():
    angles = closure([(0, 1, 2)], [(0, 1, 2, 3), (3, 1, 2, 0), (2, 1, 0, 3)])
    assert angles == [(0, 1, 2), (2, 1, 3)]
    assert action_on([(0, 1), (1, 2)], [(0, 1, 2), (2, 1, 0)]) == [(0, 1), (1, 0)]
    with pytest.raises(KeyError):
        action_on([(0, 1), (1, 2)], [(1, 0, 2)])
