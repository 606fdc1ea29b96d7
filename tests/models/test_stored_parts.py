"""Which permutations form a group, against the definition."""

import itertools

import numpy as np
import pytest

from supple.models.kernel.stored_parts import require_group
from supple.molecule.symmetry.permutation_algebra import is_group

S4 = np.array(list(itertools.permutations(range(4))))


def forms_a_group(permutations):
    try:
        require_group(permutations)
    except ValueError:
        return False
    return True


def test_sets_of_permutations():
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(300):
        some = S4[np.unique([0, *rng.choice(24, rng.integers(1, 13))])]
        expected = is_group([tuple(row) for row in some.tolist()])
        assert forms_a_group(some) == expected
        seen.add((expected, len(some)))
    assert {(True, 2), (True, 1), (False, 2)} <= seen


@pytest.mark.parametrize("size", [1, 2, 4, 6])
def test_whole_groups_and_parts_of_them(size):
    whole = np.array(list(itertools.permutations(range(size))))
    assert forms_a_group(whole)
    assert forms_a_group(np.concatenate([whole, whole]))
    if size > 2:
        assert not forms_a_group(whole[:-1])
        assert not forms_a_group(whole[1:])
        assert not forms_a_group(np.concatenate([whole, whole[:1]]))
