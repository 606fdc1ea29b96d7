"""A force field of the bundled azobenzene: quiet at 300 K, stopped at 3000 K before a bond breaks."""

import ase.io
import numpy as np
import pytest

import supple
from supple import SGDML
from supple.data.bundled import bundled_path
from supple.molecule.bonds import frequent_bonds
from supple.simulation.dynamics import DynamicsSettings, run


@pytest.fixture(scope="module")
def trained():
    """A force field of 100 frames, and these."""
    train, valid, _ = supple.read(bundled_path("azobenzene")).split(train=100, valid=40, seed=0)
    return SGDML(sigma=20.0, descriptor="inverse-distances", energies="integrated").fit(train, valid), train


def test_at_room_temperature_the_guards_are_silent(trained, tmp_path):
    potential, train = trained
    outcomes = run(potential, train, DynamicsSettings.of(time="500fs"), tmp_path / "md.xyz", replicas=4)
    assert [outcome.stopped for outcome in outcomes] == [None] * 4
    assert all(outcome.sound for outcome in outcomes)


def test_at_3000_kelvin_every_replica_is_stopped_before_a_bond_breaks(trained, tmp_path):
    potential, train = trained
    hot = DynamicsSettings.of(temperature=3000.0, time="2ps")
    outcomes = run(potential, train, hot, tmp_path / "md.xyz", replicas=6)
    first, second = np.nonzero(np.triu(frequent_bonds(train.numbers, train.positions)))
    mean = np.linalg.norm(train.positions[:, first] - train.positions[:, second], axis=-1).mean(axis=0)
    spoke = set()
    for outcome in outcomes:
        assert outcome.stopped is not None
        assert outcome.time < 2000
        (left,) = ase.io.read(outcome.left[0], ":")
        spoke.add(left.info["guard"].split(",")[0])
        for frame in ase.io.read(outcome.out, ":"):
            stretch = np.linalg.norm(frame.positions[first] - frame.positions[second], axis=-1) - mean
            assert np.abs(stretch).max() <= 0.6  # 0.5 Å is where a run counts as unstable
        stretch = np.linalg.norm(left.positions[first] - left.positions[second], axis=-1) - mean
        assert np.abs(stretch).max() < 0.8
    assert "distance from the training set" in spoke
