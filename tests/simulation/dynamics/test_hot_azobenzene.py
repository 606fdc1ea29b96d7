"""A force field of the bundled azobenzene: no guard triggers at 300 K; at 3000 K replicas are stopped before a bond breaks."""

import ase.io
import numpy as np
import pytest

import supple
from supple import SGDML
from supple.data.bundled import bundled_path
from supple.molecule.bonds import frequent_bonds
from supple.simulation.dynamics import DynamicsSettings, run_md


@pytest.fixture(scope="module")
def trained():
    """A force field of 100 frames, and these."""
    train, valid, _ = supple.read(bundled_path("azobenzene")).split(train=100, valid=40, seed=0)
    return SGDML(sigma=20.0, descriptor="inverse-distances", energies="integrated").fit(train, valid), train


def test_at_room_temperature_no_guard_triggers(trained, tmp_path):
    potential, train = trained
    results = run_md(potential, train, DynamicsSettings.of(time="500fs"), tmp_path / "md.xyz", replicas=4)
    assert [result.stopped for result in results] == [None] * 4
    assert not any(result.triggered for result in results)


def test_at_3000_kelvin_every_replica_is_stopped_before_a_bond_breaks(trained, tmp_path):
    potential, train = trained
    hot = DynamicsSettings.of(temperature=3000.0, time="2ps")
    results = run_md(potential, train, hot, tmp_path / "md.xyz", replicas=6)
    first, second = np.nonzero(np.triu(frequent_bonds(train.numbers, train.positions)))
    mean = np.linalg.norm(train.positions[:, first] - train.positions[:, second], axis=-1).mean(axis=0)
    triggered = set()
    for result in results:
        assert result.stopped is not None
        assert result.time < 2000
        (left,) = ase.io.read(result.triggered_file, ":")
        triggered.add(left.info["guard"].split(",")[0])
        for frame in ase.io.read(result.out, ":"):
            stretch = np.linalg.norm(frame.positions[first] - frame.positions[second], axis=-1) - mean
            assert np.abs(stretch).max() <= 0.6  # 0.5 Å is where a run counts as unstable
        stretch = np.linalg.norm(left.positions[first] - left.positions[second], axis=-1) - mean
        assert np.abs(stretch).max() < 0.8
    assert "expected force error" in triggered
