"""The parameters of a metric, the hold-out error by which they are learned, and its gradient."""

import numpy as np
import pytest
import torch
from ase.build import molecule
from toy import toy_dataset

from supple import Dataset
from supple.models.kernel.direct_fit import kernel_fit
from supple.models.kernel.matern import MATERN_5_2, MATERN_7_2
from supple.models.kernel.matrix import KernelMatrix
from supple.models.kernel.problem import Problem
from supple.models.kernel.system import KernelFrames
from supple.models.sgdml.hold_out import HoldOut
from supple.models.sgdml.metric_contributions import contribution_sentence, contributions
from supple.models.sgdml.metric_parameters import MetricParameters, kinds_of_entries
from supple.molecule.bonds import bond_graph
from supple.molecule.descriptors import InverseDistances
from supple.molecule.descriptors.registry import make_descriptor
from supple.molecule.symmetry.permutations import find_permutations

DATA = toy_dataset(8)
GRAPH = bond_graph(DATA.numbers, DATA.positions)
PERMUTATIONS = find_permutations(DATA.numbers, DATA.positions)
#: Families of one term, of two, and of environments of both sizes and the whole molecule.
RADII = [(None,), (1,), (1, 2, None)]


def parameters_of(data, function=MATERN_5_2, radii=(None,), permutations=None, descriptor=None):
    permutations = find_permutations(data.numbers, data.positions) if permutations is None else permutations
    frames = KernelFrames(torch.tensor(data.positions), permutations, descriptor)
    return frames, MetricParameters(frames, bond_graph(data.numbers, data.positions), function, radii)


def random_vector(parameters, seed=0, length=6.0):
    rng = np.random.default_rng(seed)
    n = parameters.n_families * parameters.n_orbits
    log_weights = -np.log(length) + 0.3 * rng.standard_normal(n)
    return np.concatenate([[np.log(1e-5)], log_weights, rng.normal(-1, 1, parameters.n_families - 1)])


def diagonal(frames, terms):
    """The mean diagonal of K."""
    n = len(frames)
    matrix = KernelMatrix(frames, terms).columns({j: slice(None) for j in range(n)}, slice(0, n)).flatten(0, 1)
    return float(matrix.diagonal().mean())


def shares(vector, n_families):
    logits = np.exp([0.0, *vector[len(vector) - n_families + 1 :]])
    return logits / logits.sum()


@pytest.mark.parametrize("function", [MATERN_5_2, MATERN_7_2], ids=lambda f: f.name)
@pytest.mark.parametrize("radii", RADII, ids=str)
@pytest.mark.parametrize("symmetric", [True, False])
def test_the_mean_diagonal_is_one_and_each_family_has_its_share(function, radii, symmetric):
    """But for what permutations of a frame contribute, which is nothing where all length scales are tiny."""
    frames, parameters = parameters_of(DATA, function, radii, PERMUTATIONS if symmetric else np.arange(6)[None])
    vector = random_vector(parameters, length=3e-4)
    terms = parameters.kernel(vector).terms
    assert diagonal(frames, terms) == pytest.approx(1, rel=1e-6)
    for k, share in enumerate(shares(vector, len(radii))):
        own = [term for term, family in zip(terms, parameters.family, strict=True) if family == k]
        assert diagonal(frames, own) == pytest.approx(share, rel=1e-6)


def test_the_vector_is_log_lambda_log_weights_and_shares():
    _, parameters = parameters_of(DATA, radii=(1, None))
    vector = random_vector(parameters)
    lam, weights, coefficients = parameters.shapes(torch.tensor(vector))
    assert float(lam) == pytest.approx(1e-5)
    by_orbit = parameters.log_weights(vector)
    assert by_orbit.shape == (2, parameters.n_orbits)
    np.testing.assert_allclose(weights.numpy(), np.exp(by_orbit[:, parameters.orbit]))
    kernel = parameters.kernel(vector)
    assert torch.equal(kernel.weights, weights)
    assert [part.coefficient for part in kernel.parts] == coefficients.tolist()
    assert [part.weights for part in kernel.parts] == parameters.family
    assert torch.equal(kernel.weights[:, parameters.action], kernel.weights[:, None].expand(-1, len(PERMUTATIONS), -1))


def test_orbits_are_what_permutations_exchange():
    _, parameters = parameters_of(DATA)
    entries = InverseDistances(6).entries
    by_orbit: dict[int, set[tuple[int, ...]]] = {}
    for orbit, atoms in zip(parameters.orbit, entries, strict=True):
        by_orbit.setdefault(orbit, set()).add(tuple(sorted(atoms)))
    # C 0, O 1, hydroxyl H 3, methyl H 2, 4, 5
    assert sorted(map(sorted, by_orbit.values())) == sorted(
        map(sorted, [
            {(0, 1)}, {(0, 3)}, {(1, 3)}, {(0, 2), (0, 4), (0, 5)}, {(1, 2), (1, 4), (1, 5)}, {(2, 3), (3, 4), (3, 5)},
            {(2, 4), (2, 5), (4, 5)},
        ])
    )  # fmt: skip


def test_kinds_are_bonds_then_distances_by_bonds_between_then_angles_and_dihedrals():
    descriptor = make_descriptor("dihedrals", DATA.numbers, DATA.positions, PERMUTATIONS)
    kinds = dict(zip(descriptor.entries, kinds_of_entries(GRAPH, descriptor.entries).tolist(), strict=True))
    assert [kinds[pair] for pair in ((1, 0), (3, 1), (2, 0), (3, 0), (2, 1), (4, 2), (3, 2))] == [0, 0, 0, 1, 1, 1, 2]
    assert {kind for atoms, kind in kinds.items() if len(atoms) == 3} == {6}
    assert {kind for atoms, kind in kinds.items() if len(atoms) == 4} == {7}
    apart = GRAPH.copy()
    apart.remove_edge(0, 1)
    assert kinds_of_entries(apart, ((1, 0),)).tolist() == [5]


def of_molecule(name, n_frames=3):
    atoms = molecule(name)
    positions = atoms.positions + 0.03 * np.random.default_rng(0).standard_normal((n_frames, len(atoms), 3))
    return Dataset.of(atoms.numbers, positions, np.zeros(n_frames), np.zeros((n_frames, len(atoms), 3)))


def test_environments_of_equal_atoms_make_one_term():
    ethane = of_molecule("C2H6")
    _, parameters = parameters_of(ethane, radii=(1,))
    (term,) = parameters.terms
    assert term.n_environments == 2
    _, apart = parameters_of(ethane, radii=(1,), permutations=np.arange(8)[None])
    assert [one.n_environments for one in apart.terms] == [1, 1]
    # All atoms within a bond of a carbon, and no others.
    entries = InverseDistances(8).entries
    own = {a for d in term.entries for a in entries[d]}
    assert len(own) == 5
    assert set(term.entries) == {d for d, pair in enumerate(entries) if own.issuperset(pair)}


def test_the_terms_of_methanol():
    _, parameters = parameters_of(DATA, radii=(1, 2, None))
    assert parameters.family == [0, 0, 1, 2]
    # Pairs of C, O, 3 H; of O, C, H; all, which are within two bonds of C and of O.
    assert [term.size for term in parameters.terms] == [10, 3, 15, 15]
    assert parameters.terms[-1].entries is None


def test_families_without_environments_are_left_out():
    """Nitrogen has one distance: that is the whole molecule."""
    nitrogen = of_molecule("N2")
    for radii in ((1, 2, None), (1,), (None,)):
        frames, parameters = parameters_of(nitrogen, radii=radii)
        assert parameters.radii == (None,)
        assert [term.entries for term in parameters.terms] == [None]
        vector = random_vector(parameters)
        rows = torch.randn(len(frames.x) * frames.width, dtype=torch.float64)
        _, gradient = HoldOut(frames, rows, 3)(parameters, vector)
        assert np.isfinite(gradient).all()


@pytest.fixture(scope="module")
def problem():
    return Problem(DATA, PERMUTATIONS)


@pytest.mark.parametrize("function", [MATERN_5_2, MATERN_7_2], ids=lambda f: f.name)
@pytest.mark.parametrize("radii", RADII, ids=str)
def test_the_hold_out_error_is_that_of_models_of_the_other_frames(problem, function, radii):
    parameters = MetricParameters(problem.frames, GRAPH, function, radii)
    vector = random_vector(parameters)
    error, _ = HoldOut(problem.frames, problem.rhs, 3)(parameters, vector)
    places, squares = np.arange(len(DATA)), 0.0
    for k in range(3):
        others = Problem(DATA.select(places[places % 3 != k]), PERMUTATIONS)
        potential, lam = kernel_fit(others, parameters.kernel(vector), float(np.exp(vector[0])))
        assert lam == pytest.approx(1e-5)
        out = DATA.select(places[places % 3 == k])
        squares += float(((potential.predict(out.positions)[1] - out.forces) ** 2).sum())
    assert error == pytest.approx(squares / problem.scale**2 / len(problem.rhs), rel=1e-6)


@pytest.mark.parametrize("function", [MATERN_5_2, MATERN_7_2], ids=lambda f: f.name)
@pytest.mark.parametrize("radii", RADII, ids=str)
def test_the_gradient_of_the_hold_out_error_is_its_derivative(problem, function, radii):
    """By central differences of fourth order: by λ, by the last share, and along directions of all parameters."""
    parameters = MetricParameters(problem.frames, GRAPH, function, radii)
    vector, hold_out, h = random_vector(parameters), HoldOut(problem.frames, problem.rhs, 2), 1e-3
    _, gradient = hold_out(parameters, vector)
    units, n = np.eye(len(vector)), len(vector)
    directions = [units[0], units[-1], *np.random.default_rng(1).standard_normal((6, n)) / np.sqrt(n)]
    for direction in directions:
        errors = [hold_out(parameters, vector + step * h * direction)[0] for step in (-2, -1, 1, 2)]
        slope = np.dot(errors, [1, -8, 8, -1]) / (12 * h)
        assert gradient @ direction == pytest.approx(slope, rel=1e-5, abs=1e-7 * np.abs(gradient).max())


def test_contributions_are_shares_of_the_distance_between_geometries():
    frames, parameters = parameters_of(DATA, radii=(1, None))
    kernel = parameters.kernel(random_vector(parameters))
    found = contributions(parameters, kernel, frames.x, DATA.numbers)
    whole = [one for one in found if one.family == "whole molecule"]
    near = [one for one in found if one.family == "1 bond around each atom"]
    assert len(whole) == parameters.n_orbits
    assert len(found) == len(whole) + len(near)
    for family in (whole, near):
        assert sum(one.share for one in family) == pytest.approx(1)
        assert [one.share for one in family] == sorted((one.share for one in family), reverse=True)
    # Pairs of different frames: their mean squared distance is twice the variance, and the shares are those of its parts.
    y = frames.x * kernel.weights[1]
    squares = ((y[:, None] - y) ** 2).sum((0, 1))
    (bond,) = [one for one in whole if one.atoms in ("O2-C1", "C1-O2")]
    place = InverseDistances(6).entries.index((1, 0))
    assert (bond.kind, bond.count) == ("bonds", 1)
    assert bond.share == pytest.approx(float(squares[place] / squares.sum()))
    assert bond.weight == pytest.approx(float(kernel.weights[1, place]))
    assert {one.kind for one in whole} == {"bonds", "1-3 distances", "1-4 distances"}
    sentence = contribution_sentence(found)
    assert "whole molecule: " in sentence and "bonds" in sentence and sentence.endswith(" %.")


def test_a_whole_with_many_permutations_is_compared_in_parts():
    """Isobutane: three equivalent methyl groups, 162 permutations; each part has the hydrogens of one of them."""
    atoms = molecule("isobutane")
    rng = np.random.default_rng(0)
    positions = atoms.positions + 0.05 * rng.standard_normal((4, 14, 3))
    forces = rng.standard_normal((4, 14, 3))
    data = Dataset.of(atoms.numbers, positions, rng.standard_normal(4), forces)
    permutations = find_permutations(data.numbers, data.positions)
    problem = Problem(data, permutations)
    graph = bond_graph(data.numbers, data.positions)
    parameters = MetricParameters(problem.frames, graph, MATERN_7_2, (1, 2, None))
    assert len(permutations) == 162
    assert parameters.in_parts
    part = parameters.terms[-1]
    assert parameters.family.count(2) == 1  # the other two are images of this one
    assert part.n_environments == 3
    assert part.n_pairs == 3 * 3 * 6
    hydrogens = {a for d in part.entries for a in parameters.entries[d] if data.numbers[a] == 1}
    assert len(hydrogens) == 1 + 3
    potential, _ = kernel_fit(problem, parameters.kernel(random_vector(parameters)), 1e-6)
    energies, _ = potential.predict(np.concatenate([positions[:1, p] for p in permutations]))
    np.testing.assert_allclose(energies, energies[0], atol=1e-8)
    # Alone, the whole molecule is not divided.
    alone = MetricParameters(problem.frames, graph, MATERN_7_2, (None,))
    assert not alone.in_parts
    assert alone.terms[0].entries is None
