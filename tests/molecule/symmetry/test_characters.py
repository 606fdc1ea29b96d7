"""Sums over permutation groups by characters, against the sums written out."""

from itertools import permutations as all_permutations

import numpy as np
import pytest
import torch

from supple.models.kernel.compiled_kernel_sum import CompiledSum
from supple.models.kernel.kernel_sum import KernelSum
from supple.molecule.descriptors import InverseDistances
from supple.molecule.descriptors.compiled import compiled_entries
from supple.molecule.symmetry.characters import Group

SIGMA = 1.3


def swaps(n_atoms, *pairs):
    p = list(range(n_atoms))
    for a, b in pairs:
        p[a], p[b] = b, a
    return p


def flips(n_atoms, *flips):
    """The group that independent flips make, in no particular order."""
    group = {tuple(range(n_atoms))}
    for flip in flips:
        p = swaps(n_atoms, *flip)
        group |= {tuple(q[i] for i in p) for q in group}
    return sorted(group, reverse=True)


def ring(n_atoms):
    """The rotations and reflections of a ring."""
    turns = [[(i + k) % n_atoms for i in range(n_atoms)] for k in range(n_atoms)]
    return turns + [list(reversed(turn)) for turn in turns]


#: Atoms, permutations, and the order of the largest elementary abelian 2-subgroup of what they do to the descriptor.
GROUPS = {
    "none": (5, [list(range(5))], 1),
    "methyl rotation": (6, [[0, 1, 2, 3, 4, 5], [0, 1, 2, 4, 5, 3], [0, 1, 2, 5, 3, 4]], 1),
    "methyl and mirror": (5, [[0, 1, *p] for p in all_permutations([2, 3, 4])], 2),
    "two flips and an exchange": (8, flips(8, [(0, 1)], [(2, 3)], [(0, 2), (1, 3), (4, 5)]), 4),
    "three flips": (9, flips(9, [(0, 1)], [(2, 3)], [(4, 5), (6, 7)]), 8),
    "benzene": (6, ring(6), 4),
    "the two atoms of a diatomic molecule": (2, [[0, 1], [1, 0]], 1),
    "all of four": (4, list(all_permutations(range(4))), 4),
}


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
    products = group.transform(group.products(group.lift(x), group.blocks(group.to_basis(y))))
    written_out = torch.einsum("bpd,md->pbm", x[:, action], y)
    by_permutation = products.view(group.n_characters, 5, group.n_cosets, 7).transpose(1, 2).flatten(0, 1)
    torch.testing.assert_close(by_permutation.sort(dim=0).values, written_out.sort(dim=0).values)


def naive_sum(x, targets, v, w, action):
    """e of kernel_sum.py, its formula written out."""
    d = x[:, action][:, :, None] - targets  # (B, P, M, D)
    q = (5**0.5 / SIGMA) * d.norm(dim=-1)
    slope, decay = (1 + q) * torch.exp(-q), torch.exp(-q)
    along = torch.einsum("bpmd,md->bpm", d, v) * 5 / (3 * SIGMA**2)
    return (along * slope + w * (slope + q**2 / 3 * decay)).sum(dim=(1, 2))


@pytest.mark.parametrize("with_energies", [False, True])
def test_kernel_sum_is_its_definition(case, with_energies):
    _, action, _ = case
    size = action.shape[1]
    x = torch.rand(5, size, dtype=torch.float64, requires_grad=True)
    targets, v = torch.rand(9, size, dtype=torch.float64), torch.randn(9, size, dtype=torch.float64)
    w = torch.randn(9, dtype=torch.float64) if with_energies else torch.zeros(9, dtype=torch.float64)
    energy = naive_sum(x, targets, v, w, action)
    (gradient,) = torch.autograd.grad(energy.sum(), x)
    kernel_sum = KernelSum(targets, v, w if with_energies else None, SIGMA, Group(action))
    e, g = kernel_sum(x.detach())
    torch.testing.assert_close(e, energy.detach(), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(g, gradient, rtol=1e-10, atol=1e-11)


def test_the_size_of_work_arrays_changes_nothing_and_is_larger_on_a_gpu(case, monkeypatch):
    _, action, _ = case
    x, targets, v = torch.rand(3, 30, action.shape[1], dtype=torch.float64)
    kernel_sum = KernelSum(targets, v, None, SIGMA, Group(action))
    energies, gradients = kernel_sum(x)
    monkeypatch.setattr("supple.models.kernel.kernel_sum._WORK", 1)
    at_a_time = []
    of_some = KernelSum._part

    def counted(self, y):
        at_a_time.append(len(y))
        return of_some(self, y)

    monkeypatch.setattr(KernelSum, "_part", counted)
    e, g = kernel_sum(x)
    torch.testing.assert_close(e, energies, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(g, gradients, rtol=1e-12, atol=1e-12)
    assert at_a_time == [1] * 30
    at_a_time.clear()
    kernel_sum.to("meta")(x.to("meta"))  # a device like any other, without numbers
    assert at_a_time == [30]


@pytest.mark.parametrize("n_frames", [1, 8, 21])
def test_the_compiled_loop_is_the_same_sum(case, n_frames):
    n_atoms, action, _ = case
    size = action.shape[1]
    descriptor = InverseDistances(n_atoms)
    positions = 2 * torch.randn(19, n_atoms, 3, dtype=torch.float64)
    targets = torch.rand(n_frames, size, dtype=torch.float64)
    v, w = torch.randn_like(targets), torch.randn(n_frames, dtype=torch.float64)
    centre = torch.full((size,), 0.4, dtype=torch.float64)
    kernel_sum = KernelSum(targets - centre, v, w, SIGMA, Group(action))
    x, pull_back = descriptor.linearise(positions)
    e, g = kernel_sum(x - centre)
    compiled = CompiledSum(kernel_sum, compiled_entries(descriptor), centre)
    energies, gradients = compiled(positions.numpy())
    torch.testing.assert_close(torch.from_numpy(energies), e, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(torch.from_numpy(gradients), pull_back(g), rtol=1e-10, atol=1e-10)
    for k in (0, 1, 8, 18):  # what comes of one does not depend on the others
        energy, gradient = compiled(positions[k : k + 1].numpy())
        assert energy[0] == energies[k]
        assert np.array_equal(gradient[0], gradients[k])
