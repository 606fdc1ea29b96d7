"""The variance that remains of a term, against a Gaussian process written out; and its compiled loops."""

import numpy as np
import pytest
import torch
from toy import toy_dataset

from supple.models.kernel.compiled_variance import CompiledVariances
from supple.models.kernel.matern import MATERN_5_2, MATERN_7_2
from supple.models.kernel.term import KernelTerm
from supple.models.kernel.term_variance import TermVariance, choose_pivots
from supple.molecule.descriptors import InverseDistances
from supple.molecule.descriptors.compiled import compiled_entries
from supple.molecule.descriptors.registry import make_descriptor
from supple.molecule.symmetry.permutations import find_symmetries

TOY = toy_dataset(24, seed=3)
PERMUTATIONS = torch.tensor(find_symmetries(TOY.numbers, TOY.positions).permutations)


def kernel_value(function, a, b):
    q = np.linalg.norm(a - b)
    return (1 + q + q * q / 3) * np.exp(-q) if function.order == 2 else (1 + q + 0.4 * q * q + q**3 / 15) * np.exp(-q)


@pytest.fixture(params=[(MATERN_5_2, None), (MATERN_7_2, (0, 1, 2, 5)), (MATERN_7_2, None)])
def case(request):
    function, entries = request.param
    descriptor = InverseDistances(6)
    x = descriptor(torch.tensor(TOY.positions))
    action = descriptor.action(PERMUTATIONS)
    weights = torch.linspace(1, 2, x.shape[1], dtype=torch.float64)[action].mean(0)
    return KernelTerm(function, 1.3, weights, action, entries), x - x.mean(0)[action].mean(0), descriptor


def test_is_that_of_a_gaussian_process(case):
    term, x, _ = case
    known, new = x[:16], x[16:]
    pivots = choose_pivots(term, known)
    found = TermVariance(term, known, pivots)(new).numpy()
    images = [tuple(row) for row in term.images.tolist()]

    def environments(rows):
        return [(row[list(e)] * term.local_weights).numpy() for row in rows for e in term.environments.tolist()]

    def images_of(row, e):
        own = sorted(term.environments[e].tolist())
        return [(row[list(i)] * term.local_weights).numpy() for i in images if sorted(i) == own]

    def between(first, second):
        return np.array(
            [
                [sum(kernel_value(term.kernel, a, b) for a in images_of(row, e)) for b in second]
                for row in first
                for e in range(term.n_environments)
            ]
        )

    chosen = [environments(known)[p] for p in pivots.tolist()]
    gram = between(known, chosen)[pivots.numpy()]
    gram = gram + 1e-9 * np.diag(gram).mean() * np.eye(len(gram))
    k = between(new, chosen)
    itself = np.array([between(row[None], environments(row[None])).diagonal() for row in new]).ravel()
    expected = 1 - np.einsum("qi,qi->q", k, np.linalg.solve(gram, k.T).T) / itself
    np.testing.assert_allclose(found.ravel(), expected, rtol=1e-4, atol=1e-9)


def test_pivots_are_different_and_explain_the_frames(case):
    term, x, _ = case
    pivots = choose_pivots(term, x)
    assert len(pivots.unique()) == len(pivots)
    few, all_of_them = (float(TermVariance(term, x, pivots[:n])(x).mean()) for n in (3, len(pivots)))
    assert all_of_them < 1e-6 < few
    assert len(choose_pivots(term, x, most=5)) == 5


@pytest.mark.parametrize("name", ["inverse-distances", "dihedrals"])
def test_compiled_loops_give_the_same(name):
    positions = torch.tensor(TOY.positions)
    descriptor = make_descriptor(name, TOY.numbers, TOY.positions, PERMUTATIONS.numpy())
    x, action = descriptor(positions), descriptor.action(PERMUTATIONS)
    centre = x.mean(0)[action].mean(0)
    weights = torch.linspace(1, 2, x.shape[1], dtype=torch.float64)[action].mean(0)
    terms = [KernelTerm(MATERN_7_2, 1.0, weights, action, entries) for entries in (None, (0, 1, 2, 5), (3, 4, 7))]
    variances = [TermVariance(term, x[:12] - centre, choose_pivots(term, x[:12] - centre)) for term in terms]
    expected = torch.cat([v(x - centre) for v in variances], dim=1).numpy()
    found = CompiledVariances(variances, compiled_entries(descriptor), centre.numpy())(TOY.positions)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-12)
