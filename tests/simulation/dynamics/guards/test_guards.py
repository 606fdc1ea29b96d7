"""Guards trigger when they must, and not on the frames that a force field was trained on."""

import numpy as np
import pytest
from toy import ATOMS, toy_dataset

import supple
from supple import SGDML, Dataset
from supple.data.bundled import NAMES, bundled_path
from supple.simulation.dynamics.guards import Snapshot, guards_for
from supple.simulation.dynamics.guards.bonds import BondsGuard
from supple.simulation.dynamics.guards.collisions import CollisionsGuard
from supple.simulation.dynamics.guards.energy_drift import EnergyDriftGuard
from supple.simulation.dynamics.guards.training_distance import TrainingDistanceGuard, training_frames
from supple.simulation.dynamics.settings import DynamicsSettings


def snapshot(positions, drifts=None):
    positions = np.asarray(positions).reshape(-1, *np.shape(positions)[-2:])
    return Snapshot(positions, drifts, np.arange(len(positions)))


@pytest.fixture(scope="module", params=NAMES)
def data(request):
    return supple.read(bundled_path(request.param))


@pytest.mark.parametrize("guard", ["bonds", "collisions", "distance"])
def test_silent_on_the_frames_of_the_reference(data, guard):
    made = {
        "bonds": lambda: BondsGuard(data.numbers, data.positions),
        "collisions": lambda: CollisionsGuard(data.numbers, data.positions),
        "distance": lambda: TrainingDistanceGuard(training_frames(data)),
    }[guard]()
    assert made.check(snapshot(data.positions)) == [None] * len(data)


def test_silent_on_frames_that_were_held_out(data):
    train, valid, _ = data.split(train=200, valid=200, seed=0)
    guard = TrainingDistanceGuard(training_frames(train))
    relative = guard.relative_distances(snapshot(valid.positions))
    assert (relative > 2.0).mean() < 0.01
    assert 0.2 < np.median(relative) < 1.0


def test_bonds_and_collisions_know_enough_from_one_start(data):
    assert BondsGuard(data.numbers, data.positions[:1]).check(snapshot(data.positions)) == [None] * len(data)
    assert CollisionsGuard(data.numbers, data.positions[:1]).check(snapshot(data.positions)) == [None] * len(data)


def stretched(by):
    positions = ATOMS.positions.copy()
    along = positions[1] - positions[0]
    positions[1] = positions[0] + along * (1 + by / np.linalg.norm(along))
    return positions


@pytest.mark.parametrize("by", [0.6, -0.6])
def test_a_bond_that_leaves_is_named(by):
    guard = BondsGuard(ATOMS.numbers, ATOMS.positions[None])
    length = np.linalg.norm(ATOMS.positions[1] - ATOMS.positions[0])
    well, (said,) = guard.check(snapshot(ATOMS.positions)), guard.check(snapshot(stretched(by)))
    assert well == [None]
    assert f"the bond C1-O2 is {length + by:.2f} Å long" in said
    assert guard.check(snapshot(stretched(0.8 * by))) == [None]


def test_a_bond_may_go_where_the_reference_goes():
    guard = BondsGuard(ATOMS.numbers, np.array([ATOMS.positions] * 19 + [stretched(0.9)]))
    assert guard.check(snapshot(stretched(0.85))) == [None]
    assert guard.check(snapshot(stretched(0.95))) != [None]


def test_atoms_that_collide_are_named():
    guard = CollisionsGuard(ATOMS.numbers, ATOMS.positions[None])
    assert guard.check(snapshot(ATOMS.positions)) == [None]
    positions = ATOMS.positions.copy()
    positions[5] = positions[4] + [0.0, 0.0, 0.5]
    (said,) = guard.check(snapshot(positions))
    assert said == "the nonbonded atoms H5 and H6 are 0.50 Å apart (limit 0.62 Å)"


def test_drift_is_judged_by_the_thermal_energy():
    guard = EnergyDriftGuard(300.0)
    positions = np.repeat(ATOMS.positions[None], 3, axis=0)
    said = guard.check(snapshot(positions, np.array([0.0, 0.0077, -0.0079])))
    assert said[:2] == [None, None]
    assert "has changed by -7.9 meV per atom (limit 7.8 meV): use a shorter --timestep" in said[2]
    assert guard.check(snapshot(positions, np.array([np.nan, 0, 0])))[0] is not None
    assert guard.check(snapshot(positions)) == [None] * 3
    assert not guard.checks_geometry


def test_distance_grows_without_bound_and_does_not_see_equal_atoms_exchanged(data):
    guard = TrainingDistanceGuard(training_frames(data.select(np.arange(100))))
    inside = data.positions[5]
    apart = [inside * factor for factor in (1.0, 1.5, 3.0)]
    relative = guard.relative_distances(snapshot(apart))
    assert relative[0] == pytest.approx(0, abs=1e-6)
    assert 2 < relative[1] < relative[2]
    assert guard.check(snapshot(apart))[0] is None
    assert "times as far from the training frames" in guard.check(snapshot(apart))[2]
    for permutation in supple.molecule.symmetry.permutations.find_permutations(data.numbers, data.positions):
        assert guard.relative_distances(snapshot(inside[permutation])) == pytest.approx(0, abs=1e-6)


def test_remembering_the_nearest_frame_changes_no_result(data):
    """A path from inside to outside and back, as dynamics go it: with a memory, and searched anew each time."""
    known = training_frames(data.select(np.arange(0, 200)))
    factors = 1 + 0.25 * np.sin(np.linspace(0, 2 * np.pi, 60)) ** 2
    remembers = TrainingDistanceGuard(known)
    spoken = 0
    for factor in factors:
        (said,) = remembers.check(snapshot(data.positions[10] * factor))
        (anew,) = TrainingDistanceGuard(known).check(snapshot(data.positions[10] * factor))
        assert said == anew
        spoken += said is not None
    assert 5 < spoken < 55


def test_which_guards_a_run_has():
    toy = toy_dataset(60)
    train, valid, _ = toy.split(train=40, valid=10, seed=0)
    kernel = SGDML(sigma=8.0, descriptor="inverse-distances").fit(train, valid)
    kernel.error_bars = None
    nve, langevin = (DynamicsSettings.of(ensemble=name) for name in ("nve", "langevin"))
    guards = guards_for(kernel, ATOMS.positions[None], nve)
    names = ["bonds", "collisions", "energy drift", "distance from the training set"]
    assert list(guards.names) == names
    assert guards.off == ()
    assert guards.check(snapshot(train.positions)) == [{}] * 40  # those of its own frames
    assert "Langevin dynamics does not conserve an energy" in guards_for(kernel, ATOMS.positions[None], langevin).off[0]
    few = Dataset.of(ATOMS.numbers, train.positions[:9])
    assert "9 frames are too few" in guards_for(kernel, ATOMS.positions[None], nve, few).off[0]
    kernel.training_frames = lambda: None
    assert "give them with --reference" in guards_for(kernel, ATOMS.positions[None], nve).off[0]
