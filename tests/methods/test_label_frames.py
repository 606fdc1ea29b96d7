"""Labels by a method: none is calculated twice, whatever happens in between."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import fake_calculators
import numpy as np
import pytest
from fake_calculators import Cheap
from inline_workers import pool_here
from toy import toy_dataset

from supple.errors import DataError
from supple.methods import record_file
from supple.methods.label_frames import label_frames
from supple.methods.label_store import LabelStore
from supple.methods.level import Level

CHEAP = Level("fake_calculators:cheap")


@pytest.fixture
def frames():
    return toy_dataset(12)


def labels(frames, folder, level=CHEAP):
    return label_frames(level, frames.numbers, frames.positions, folder)


def test_labels_are_those_of_the_method(frames, tmp_path):
    found = labels(frames, tmp_path)
    for i, (point, _) in enumerate(CHEAP.single_points(frames.numbers, frames.positions)):
        assert found.energies[i] == point.energy
        np.testing.assert_array_equal(found.forces[i], point.forces)
    assert not found.failures
    assert found.seconds > 0


def test_nothing_is_calculated_twice(frames, tmp_path):
    first = labels(frames.select(range(8)), tmp_path)
    before = Cheap.calls
    both = labels(frames.select([3, 3, 8, 9, 10, 11, 9]), tmp_path)
    assert Cheap.calls == before + 4
    np.testing.assert_array_equal(both.energies[:2], first.energies[[3, 3]])
    assert both.energies[3] == both.energies[6]
    again = labels(frames, tmp_path)
    assert Cheap.calls == before + 4
    assert again.seconds == labels(frames, tmp_path).seconds


def test_another_charge_or_version_is_another_calculation(frames, tmp_path, monkeypatch):
    paths = {LabelStore(tmp_path, level, frames.numbers).path for level in (CHEAP, Level(CHEAP.name, 1, 2))}
    monkeypatch.setattr("supple.methods.level.method_version", lambda method: "another")
    paths |= {LabelStore(tmp_path, CHEAP, numbers).path for numbers in (frames.numbers, frames.numbers[::-1])}
    assert len(paths) == 4
    assert {path.parent for path in paths} == {tmp_path / "supple-labels"}


def test_failures_are_kept_and_named(frames, tmp_path):
    level = Level("fake_calculators:sometimes_cheap")
    found = labels(frames, tmp_path, level)
    failed = [i for i, frame in enumerate(frames.positions) if int(abs(frame[0, 0]) * 1e6) % 5 == 0]
    assert 0 < len(failed) < len(frames)
    assert list(found.failures) == failed
    assert set(found.failures.values()) == {"no self-consistency"}
    assert np.isnan(found.energies[failed]).all() and np.isnan(found.forces[failed]).all()
    assert np.isfinite(np.delete(found.energies, failed)).all()
    before = Cheap.calls
    labels(frames, tmp_path, level)
    assert Cheap.calls == before


def test_side_by_side(frames, tmp_path, monkeypatch):
    """Long calculations go to other processes, in pieces; the numbers are the same."""
    pieces = []
    monkeypatch.setattr("supple.methods.side_by_side._SHORT", 0.0)
    monkeypatch.setattr("supple.methods.side_by_side.cores", lambda: 3)
    monkeypatch.setattr("supple.methods.side_by_side.worker_pool", pool_here(pieces))
    found = labels(frames, tmp_path)
    assert len(pieces) == 3  # of the ten that are left after the first two
    monkeypatch.undo()
    np.testing.assert_array_equal(found.energies, labels(frames, tmp_path / "other").energies)


def test_an_incomplete_line_is_calculated_again(frames, tmp_path):
    whole = labels(frames, tmp_path)
    file = LabelStore(tmp_path, CHEAP, frames.numbers).path
    content = file.read_bytes()
    file.write_bytes(content[: len(content) - 30])
    before = Cheap.calls
    np.testing.assert_array_equal(labels(frames, tmp_path).energies, whole.energies)
    assert Cheap.calls == before + 1


def test_a_damaged_line(frames, tmp_path):
    labels(frames, tmp_path)
    file = LabelStore(tmp_path, CHEAP, frames.numbers).path
    lines = file.read_text().splitlines()
    lines[4] = lines[4].replace("energy", "enrgy")
    file.write_text("\n".join(lines) + "\n")
    with pytest.raises(DataError, match=r"Line 5 of .*\.jsonl is damaged: delete that file"):
        labels(frames, tmp_path)


def test_a_folder_that_cannot_be_written(frames, tmp_path, monkeypatch):
    monkeypatch.setattr(record_file.os, "access", lambda path, mode: False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    assert LabelStore(tmp_path, CHEAP, frames.numbers).path.parent == tmp_path / "caches" / "supple-labels"
    assert LabelStore(None, CHEAP, frames.numbers).path.parent == tmp_path / "caches" / "supple-labels"


_SLOW = """
import sys, time
from pathlib import Path
import fake_calculators
from toy import toy_dataset
from supple.methods.label_frames import label_frames
from supple.methods.level import Level
frames = toy_dataset(12)
label_frames(Level("fake_calculators:slow"), frames.numbers, frames.positions, Path(sys.argv[1]))
"""


@pytest.mark.slow
def test_a_killed_process_loses_no_label(frames, tmp_path):
    """kill -9 in the midst of the calculations: what was complete is not repeated, and all numbers are the same."""
    level = Level("fake_calculators:slow")
    store = LabelStore(tmp_path, level, frames.numbers)
    here = str(Path(fake_calculators.__file__).parent)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([here, *filter(None, sys.path)])}
    process = subprocess.Popen([sys.executable, "-c", _SLOW, str(tmp_path)], env=environment)
    try:
        deadline = time.monotonic() + 60
        while len(store.read()) < 2:
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.01)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    kept = store.read()
    assert 2 <= len(kept) < len(frames)
    before = Cheap.calls
    found = labels(frames, tmp_path, level)
    assert Cheap.calls == before + len(frames) - len(kept)
    np.testing.assert_array_equal(found.energies, labels(frames, tmp_path / "other").energies)
