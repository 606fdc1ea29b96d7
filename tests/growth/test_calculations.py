"""Calculations on the workers of a real Dask scheduler are those of this machine."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from toy import toy_dataset

from supple.data.units import INTERNAL
from supple.growth.calculations import Calculations
from supple.growth.messages import Once
from supple.methods.level import Level
from supple.runtime.progress import NO_PROGRESS
from supple.runtime.workers.backends import SchedulerBackend

LEVEL = Level("fake_calculators:cheap")


class Notes:
    """Keeps what is said."""

    def __init__(self):
        self.all = []

    def note(self, sentence):
        self.all.append(sentence)

    def step(self, *_):
        pass


@pytest.mark.slow
def test_on_a_dask_cluster(tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed")
    paths = [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))  # of the workers
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    data = toy_dataset(3)
    chosen = replace(data, extras={"reason": np.full(3, "exploration")})
    notes = Notes()
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster:
        backend = SchedulerBackend(cluster.scheduler_address)
        there = Calculations(LEVEL, INTERNAL, tmp_path / "there", Once(notes), backend).of(chosen)
    assert sum("is not encrypted" in note for note in notes.all) == 1
    here = Calculations(LEVEL, INTERNAL, tmp_path / "here", NO_PROGRESS).of(chosen)
    np.testing.assert_array_equal(there.frames.energies, here.frames.energies)
    np.testing.assert_array_equal(there.frames.forces, here.frames.forces)
    assert (tmp_path / "there" / "versions.json").read_text() == (tmp_path / "here" / "versions.json").read_text()
