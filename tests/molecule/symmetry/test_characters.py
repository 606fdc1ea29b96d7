"""Sums over permutation groups by characters, against the sums written out."""

import pytest
import torch
from permutation_groups import GROUPS

from supple.molecule.descriptors import InverseDistances
from supple.molecule.symmetry.characters import Group, gathered


@pytest.fixture(params=GROUPS)
def case(request):
    n_atoms, permutations, order = GROUPS[request.param]
    action = InverseDistances(n_atoms).action(torch.tensor(permutations))
    return n_atoms, action, order


def test_characters_are_as_many_as_the_subgroup_has_elements(case):
    _, action, order = case
    group = Group(action)
    assert group.n_characters == order
    assert group.n_characters * group.n_cosets == len(action)
    assert sum(group.sizes) == action.shape[1]


def test_products_with_permuted_queries(case):
    _, action, _ = case
    group, size = Group(action), action.shape[1]
    x, y = torch.randn(5, size, dtype=torch.float64), torch.randn(7, size, dtype=torch.float64)
    queries = gathered(x, group.lift_index, group.lift_weight).view(-1, size)
    products = group.transform(group.products(queries, group.blocks(group.to_basis(y))))
    written_out = torch.einsum("bpd,md->pbm", x[:, action], y)
    by_permutation = products.view(group.n_characters, 5, group.n_cosets, 7).transpose(1, 2).flatten(0, 1)
    torch.testing.assert_close(by_permutation.sort(dim=0).values, written_out.sort(dim=0).values)
