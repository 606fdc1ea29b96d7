"""Distributions, free energies and stability, where they are known beforehand."""

import networkx as nx
import numpy as np
import pytest
from ase import units

from supple.molecule.bonds import bond_angles
from supple.simulation.analysis.block_errors import block_numbers, standard_error
from supple.simulation.analysis.free_energy import free_energy
from supple.simulation.analysis.internal_coordinates import angle_distributions, angles_of, bond_distributions
from supple.simulation.analysis.pair_distances import BINS, RANGE, pair_distribution
from supple.simulation.analysis.stability import stability

CHAIN = np.array([[0.0, 0, 0], [1.0, 0, 0], [1.0, 1.5, 0]])
NUMBERS = np.array([1, 8, 6])
EDGES = np.linspace(-180, 180, 73)


def test_h_of_r_is_the_published_one():
    rng = np.random.default_rng(0)
    ours, theirs = (CHAIN + s * rng.standard_normal((50, 3, 3)) for s in (0.1, 0.2))
    found = pair_distribution(ours, theirs)
    bins = np.linspace(
        1e-6, RANGE, BINS + 1
    )  # as in the benchmark's own code: all pairs twice, those with itself left out

    def published(frames):
        pairs = np.linalg.norm(frames[:, :, None] - frames[:, None], axis=-1).ravel()
        return np.histogram(pairs, bins, density=True)[0]

    np.testing.assert_allclose(found.density, published(ours), rtol=1e-6, atol=1e-9)
    expected = RANGE * np.abs(published(ours) - published(theirs)).mean()
    assert found.difference == pytest.approx(expected, rel=1e-6)
    assert pair_distribution(ours, ours).difference == 0
    assert pair_distribution(ours, 2 * ours + 3).difference > 1
    # in parts, as it is in one
    many = np.tile(ours, (50, 1, 1))
    np.testing.assert_allclose(pair_distribution(many, None).density, found.density)


def test_bonds_and_angles_are_named_by_their_elements_and_have_their_means():
    graph = nx.Graph([(0, 1), (1, 2)])
    frames = np.array([CHAIN, CHAIN * 1.1])
    bonds = {d.label: d for d in bond_distributions(NUMBERS, graph, frames, frames[:1])}
    assert set(bonds) == {"H-O", "C-O"}
    assert bonds["H-O"].mean == pytest.approx(1.05)
    assert bonds["C-O"].reference_mean == pytest.approx(1.5)
    assert (bonds["C-O"].density * np.diff(bonds["C-O"].edges)).sum() == pytest.approx(1)
    assert bonds["C-O"].difference == pytest.approx(1.0)  # half of it is where the reference is
    (angle,) = angle_distributions(NUMBERS, graph, frames, None)
    assert angle.label == "C-O-H"
    assert angle.mean == pytest.approx(90.0)
    assert angle.difference is None
    assert angles_of(graph) == [(0, 1, 2)]


def test_a_straight_angle_is_precise():
    straight = np.array([[[0.0, 0, 0], [1, 0, 0], [2, 1e-9, 0]]])
    assert bond_angles(straight, [(0, 1, 2)])[0, 0] == pytest.approx(180, abs=1e-6)


def boltzmann(energy, kelvin, n, seed=0):
    """Angles drawn from exp(-energy/kT), one independent of the other."""
    rng = np.random.default_rng(seed)
    made = rng.uniform(-180, 180, 20 * n)
    return made[rng.random(len(made)) < np.exp(-energy(made) / (units.kB * kelvin))][:n]


def two_wells(degrees):
    """eV; minima at 0 and 180 degrees, the second 0.02 eV higher."""
    phi = np.radians(degrees)
    return 0.04 * (1 - np.cos(2 * phi)) + 0.01 * (1 - np.cos(phi))


def test_a_free_energy_is_the_energy_that_the_angles_were_drawn_from():
    angles = boltzmann(two_wells, 400.0, 40_000)
    found = free_energy("t", 360.0, [angles[:15_000], angles[15_000:]], EDGES, 400.0)
    expected = two_wells(found.angles)
    expected -= expected.min()
    # both are measured from the lowest bin; that of noisy values lies a little below
    off = found.values - expected
    off -= np.average(off, weights=1 / found.errors**2)
    assert np.mean(np.abs(off) < 2 * found.errors) > 0.85
    assert np.abs(off).max() < 0.02
    p = np.exp(-expected / (units.kB * 400))
    p /= p.sum()
    np.testing.assert_allclose(
        np.median(found.errors / (units.kB * 400 * np.sqrt((1 - p) / p / 40_000))), 1.0, atol=0.25
    )
    assert len(found.wells) == 2
    assert min(abs(w) for w in found.wells) < 10
    assert max(abs(w) for w in found.wells) > 170
    assert found.crossings > 1000


def test_crossings_are_counted_from_core_to_core_and_places_never_visited_are_not_known():
    rng = np.random.default_rng(0)
    stay = 10 * rng.standard_normal(1000)
    angles = np.concatenate([stay, stay + 180, stay])
    found = free_energy("t", 360.0, [(angles + 180) % 360 - 180], EDGES, 300.0)
    assert len(found.wells) == 2
    assert found.crossings == 2
    assert np.isnan(found.values[np.abs(np.abs(found.angles) - 90) < 20]).all()
    one = free_energy("t", 360.0, [stay], EDGES, 300.0)
    assert len(one.wells) == 1
    assert one.crossings == 0


def test_a_well_at_the_seam_is_one():
    stay = (10 * np.random.default_rng(0).standard_normal(2000) + 360) % 360 - 180
    assert len(free_energy("t", 360.0, [stay], EDGES, 300.0).wells) == 1


def test_errors_from_blocks_know_of_correlation():
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(200_000)
    correlated = np.empty_like(noise)
    value, memory = 0.0, 0.99
    for k, kick in enumerate(noise):
        value = memory * value + kick
        correlated[k] = value
    exact = 1 / (1 - memory) / np.sqrt(len(noise))
    found = float(standard_error(correlated, block_numbers([len(noise)], 50)))
    assert found == pytest.approx(exact, rel=0.3)
    assert correlated.std() / np.sqrt(len(noise)) < exact / 5  # what it would be without blocks


def test_blocks_stay_within_their_trajectory():
    numbers = block_numbers([30, 10, 3])
    assert len(set(numbers[:30]) & set(numbers[30:])) == 0
    assert len(set(numbers)) >= 10
    assert np.isnan(standard_error(np.ones(1), block_numbers([1])))


def test_stability_ends_at_the_first_bond_beyond_half_an_angstrom():
    frames = np.tile(CHAIN, (10, 1, 1))
    frames[6, 2, 1] += 0.49
    frames[7, 2, 1] += 0.51
    found = stability("md", NUMBERS, frames, [(0, 1), (1, 2)], np.array([1.0, 1.5]), np.arange(10) * 100.0 + 50)
    assert found.frame == 7
    assert found.time == 700.0
    assert found.bond == "O2-C3"
    assert "unstable from frame 7, 0.7 ps on: the length of the bond O2-C3" in found.sentence()
    kept = stability("md", NUMBERS, frames[:7], [(0, 1), (1, 2)], np.array([1.0, 1.5]), None)
    assert kept.frame is None
    assert kept.deviations.max() == pytest.approx(0.49)
    assert "stable for all 7 frames" in kept.sentence()
