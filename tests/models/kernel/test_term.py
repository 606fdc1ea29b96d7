"""Kernels of environments against the double sum over permutations of both geometries, written out."""

import numpy as np
import pytest
import torch
from permutation_groups import ENVIRONMENTS, GROUPS
from written_out_kernel import FUNCTIONS, WrittenOut, pairs_within, symmetric_weights

from supple.models.kernel.compiled_kernel_sum import CompiledSum
from supple.models.kernel.kernel_sum import KernelSum, total
from supple.models.kernel.matern import MATERN_5_2
from supple.models.kernel.molecular_kernel import MolecularKernel, TermParts
from supple.models.kernel.term import KernelTerm
from supple.molecule.descriptors import InverseDistances
from supple.molecule.descriptors.compiled import compiled_entries

CASES = [(name, None) for name in GROUPS] + [(name, atoms) for name, (atoms, _) in ENVIRONMENTS.items()]


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}, {'whole' if case[1] is None else 'part'}")
def case(request):
    """Number of atoms, action of the group on inverse distances, and the entries of an environment."""
    name, atoms = request.param
    n_atoms, permutations, _ = GROUPS[name]
    action = InverseDistances(n_atoms).action(torch.tensor(permutations))
    return n_atoms, action, None if atoms is None else pairs_within(n_atoms, atoms)


def one_term(action, entries, function="matern-5/2"):
    return WrittenOut(function, symmetric_weights(action), [TermParts(0.7, 0, entries)], action)


def several_terms(action, entries, function):
    """The whole molecule and an environment, with weights of their own."""
    parts = [TermParts(0.7, 1), TermParts(0.2, 0, entries)]
    return WrittenOut(function, symmetric_weights(action, 2), parts, action)


def random_sum(action, n_frames, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(n_frames, action.shape[1], dtype=torch.float64, generator=generator)
    v = torch.randn(n_frames, action.shape[1], dtype=torch.float64, generator=generator)
    return x, v, torch.randn(n_frames, dtype=torch.float64, generator=generator)


def naive_sum(written_out, x, targets, v, w):
    """e and its gradient by x, by automatic differentiation of the kernel."""
    x = x.clone().requires_grad_()
    energy = written_out.energies(x, targets, v, w)
    (gradient,) = torch.autograd.grad(energy.sum(), x)
    return energy.detach(), gradient


@pytest.mark.parametrize(("name", "n_environments"), [(name, n) for name, (_, n) in ENVIRONMENTS.items()])
def test_environments_are_all_images_and_each_occurs_once(name, n_environments):
    n_atoms, permutations, _ = GROUPS[name]
    action = InverseDistances(n_atoms).action(torch.tensor(permutations))
    entries = pairs_within(n_atoms, ENVIRONMENTS[name][0])
    term = KernelTerm(MATERN_5_2, 1.0, torch.ones(action.shape[1], dtype=torch.float64), action, entries)
    sets = {frozenset(environment) for environment in term.environments.tolist()}
    assert len(sets) == len(term.environments) == term.n_environments == n_environments
    assert sets == {frozenset(image) for image in action[:, list(entries)].tolist()}
    assert term.environments[0].tolist() == list(entries)
    assert term.multiplicity * len(term.images) == len(permutations)
    assert len(term.images) == n_environments * term.group.n_characters * term.group.n_cosets


@pytest.mark.parametrize("with_energies", [False, True])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_sum_is_its_definition(case, function, with_energies):
    _, action, entries = case
    written_out = one_term(action, entries, function)
    targets, v, w = random_sum(action, 9)
    x, _, _ = random_sum(action, 5, seed=1)
    w = w if with_energies else torch.zeros_like(w)
    energies, gradients = naive_sum(written_out, x, targets, v, w)
    (term,) = written_out.kernel().terms
    e, g = KernelSum(term, targets, v, w if with_energies else None)(x)
    torch.testing.assert_close(e, energies, rtol=1e-11, atol=1e-11)
    torch.testing.assert_close(g, gradients, rtol=1e-10, atol=1e-10)


def test_a_centre_that_no_permutation_changes_cancels(case):
    _, action, entries = case
    (term,) = one_term(action, entries).kernel().terms
    targets, v, w = random_sum(action, 9)
    x, _, _ = random_sum(action, 5, seed=1)
    centre = 3 * symmetric_weights(action, seed=2)[0]
    for there, here in zip(
        KernelSum(term, targets - centre, v, w)(x - centre), KernelSum(term, targets, v, w)(x), strict=True
    ):
        torch.testing.assert_close(there, here, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_permutation_of_either_geometry_changes_the_kernel(case, function):
    """By the program's own sum: e with w = 1 for one training frame is k."""
    _, action, entries = case
    (term,) = one_term(action, entries, function).kernel().terms
    x, y, _ = random_sum(action, 1)
    one = torch.ones(1, dtype=torch.float64)
    value = KernelSum(term, y, torch.zeros_like(y), one)(x)[0]
    assert value > 0
    by_query = KernelSum(term, y, torch.zeros_like(y), one)(x[0, action])[0]
    torch.testing.assert_close(by_query, value.expand(len(action)), rtol=1e-12, atol=0)
    by_target = torch.cat([KernelSum(term, y[:, p], torch.zeros_like(y), one)(x)[0] for p in action])
    torch.testing.assert_close(by_target, value.expand(len(action)), rtol=1e-12, atol=0)


def test_the_kernel_is_symmetric(case):
    _, action, entries = case
    (term,) = one_term(action, entries).kernel().terms
    x, y, _ = random_sum(action, 1)
    none, one = torch.zeros_like(x), torch.ones(1, dtype=torch.float64)
    torch.testing.assert_close(KernelSum(term, y, none, one)(x)[0], KernelSum(term, x, none, one)(y)[0])


def test_lowering_is_the_transpose_of_lifting(case):
    _, action, entries = case
    (term,) = one_term(action, entries).kernel().terms
    x, g = (torch.randn(1, n, dtype=torch.float64) for n in (action.shape[1], term.n_queries * term.size))
    lifted, lowered = term.lift(x).flatten(), term.lower(g.view(-1, term.size)).flatten()
    torch.testing.assert_close(lifted @ g[0], x[0] @ lowered)


def test_other_weights_are_those_of_a_new_term(case):
    _, action, entries = case
    (term,) = one_term(action, entries).kernel().terms
    weights = symmetric_weights(action, seed=5)[0]
    new, old = KernelTerm(MATERN_5_2, 0.3, weights, action, entries), term.local_weights.clone()
    again = term.reweighted(weights, 0.3)
    targets, v, w = random_sum(action, 4)
    for mine, theirs in zip(
        KernelSum(again, targets, v, w)(targets), KernelSum(new, targets, v, w)(targets), strict=True
    ):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=0)
    torch.testing.assert_close(term.local_weights, old, rtol=0, atol=0)


def test_the_size_of_work_arrays_changes_nothing_and_is_larger_on_a_gpu(case, monkeypatch):
    _, action, entries = case
    (term,) = one_term(action, entries).kernel().terms
    x, targets, v = torch.rand(3, 30, action.shape[1], dtype=torch.float64)
    kernel_sum = KernelSum(term, targets, v, None)
    energies, gradients = kernel_sum(x)
    monkeypatch.setattr("supple.models.kernel.kernel_sum._WORK", 1)
    at_a_time = []
    of_some = KernelSum.at_once

    def counted(self, x):
        at_a_time.append(len(x))
        return of_some(self, x)

    monkeypatch.setattr(KernelSum, "at_once", counted)
    e, g = kernel_sum(x)
    torch.testing.assert_close(e, energies, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(g, gradients, rtol=1e-12, atol=1e-12)
    assert at_a_time == [1] * 30
    at_a_time.clear()
    kernel_sum.to("meta")(x.to("meta"))  # a device like any other, without numbers
    assert at_a_time == [30]


@pytest.mark.parametrize("n_frames", [1, 8, 21])
def test_the_compiled_loop_is_the_same_sum(case, n_frames):
    n_atoms, action, entries = case
    descriptor = InverseDistances(n_atoms)
    positions = 2 * torch.randn(19, n_atoms, 3, dtype=torch.float64)
    centre = torch.full((action.shape[1],), 0.4, dtype=torch.float64)
    targets, v, w = random_sum(action, n_frames)
    x, pull_back = descriptor.linearise(positions)
    for function in FUNCTIONS:
        kernel = several_terms(action, entries, function).kernel()
        for energy_weights in (w, None):
            sums = [KernelSum(term, targets - centre, v, energy_weights) for term in kernel.terms]
            e, g = total(one(x - centre) for one in sums)
            compiled = CompiledSum(sums, compiled_entries(descriptor), centre)
            energies, gradients = compiled(positions.numpy())
            torch.testing.assert_close(torch.from_numpy(energies), e, rtol=1e-12, atol=1e-12)
            torch.testing.assert_close(torch.from_numpy(gradients), pull_back(g), rtol=1e-10, atol=1e-10)
            for k in (0, 1, 8, 18):  # what comes of one does not depend on the others
                energy, gradient = compiled(positions[k : k + 1].numpy())
                assert energy[0] == energies[k]
                assert np.array_equal(gradient[0], gradients[k])


def test_the_loop_is_compiled_once_for_any_number_of_terms():
    from numba.core.dispatcher import Dispatcher

    from supple.models.kernel import compiled_kernel_sum

    loops = [loop for loop in vars(compiled_kernel_sum).values() if isinstance(loop, Dispatcher)]
    n_atoms, permutations, _ = GROUPS["benzene"]
    descriptor = InverseDistances(n_atoms)
    action = descriptor.action(torch.tensor(permutations))
    targets, v, _ = random_sum(action, 4)
    (term,) = one_term(action, None).kernel().terms
    counts = set()
    for n_terms in (1, 4):
        sums = [KernelSum(term, targets, v, None)] * n_terms
        CompiledSum(sums, compiled_entries(descriptor), targets[0])(
            np.random.default_rng(0).normal(size=(1, n_atoms, 3))
        )
        counts.add(tuple(len(loop.signatures) for loop in loops))
    assert len(loops) > 2
    assert len(counts) == 1


def test_a_configuration_makes_the_same_kernel(case):
    _, action, entries = case
    kernel = several_terms(action, entries, "matern-7/2").kernel()
    again = MolecularKernel.from_configuration(kernel.configuration(), kernel.weights, action)
    assert again.configuration() == kernel.configuration()
    targets, v, w = random_sum(action, 4)
    for mine, theirs in zip(kernel.terms, again.terms, strict=True):
        assert torch.equal(KernelSum(mine, targets, v, w)(targets)[0], KernelSum(theirs, targets, v, w)(targets)[0])


def test_one_length_scale_is_known_as_such():
    _, permutations, _ = GROUPS["methyl and mirror"]
    action = InverseDistances(5).action(torch.tensor(permutations))
    assert MolecularKernel.uniform(7.0, action).sigma == pytest.approx(7.0)
    weights = torch.full((1, 10), 0.2, dtype=torch.float64)
    for parts in ([TermParts(2.0)], [TermParts(1.0, 0, (0, 1))], [TermParts(1.0)] * 2):
        assert MolecularKernel(MATERN_5_2, weights, parts, action).sigma is None
    assert MolecularKernel(MATERN_5_2, symmetric_weights(action), [TermParts(1.0)], action).sigma is None
