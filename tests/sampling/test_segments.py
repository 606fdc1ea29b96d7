"""Segments and their files: what goes wrong is recorded, and one process writes at a time."""

import numpy as np
import pytest

from supple.errors import DataError, SettingsError
from supple.runtime.locks import locked
from supple.sampling.draws.dynamics import Dynamics
from supple.sampling.labelled_frame import LabelledFrame
from supple.sampling.scheduling import complete_segment
from supple.sampling.segment_file import SegmentFile


def test_a_segment_that_cannot_start_ends_with_a_failure(make_context, tmp_path):
    context = make_context(drive="fake_calculators:breaks")
    (segment,) = Dynamics(temperature=300.0, frames=3).segments(context)
    file = SegmentFile(tmp_path / "md.jsonl")
    complete_segment(context, segment, file, [])
    (frame,) = file.frames()
    assert frame.failure == "the segment stopped: no orbitals"
    assert file.progress() == (1, None, True)
    complete_segment(context, segment, file, [])  # it is complete
    assert len(file) == 2


def test_frames_are_read_as_they_were_written(tmp_path):
    file = SegmentFile(tmp_path / "md.jsonl")
    written = LabelledFrame(np.eye(3), -1.5, 2 * np.eye(3), None, {"coordinate": 60.0}, {"point": 3}, "not relaxed")
    file.append(written)
    file.append(LabelledFrame.failed(np.eye(3), "no orbitals"))
    read, failed = file.frames()
    assert read.line() == written.line()
    assert (failed.energy, failed.forces, failed.failure) == (None, None, "no orbitals")
    assert file.progress() == (2, {"point": 3}, False)


def test_a_damaged_line_is_named(tmp_path):
    file = SegmentFile(tmp_path / "md.jsonl")
    for _ in range(2):
        file.append(LabelledFrame(np.zeros((1, 3)), 0.0, np.zeros((1, 3))))
    lines = file.path.read_text().splitlines()
    file.path.write_text(f"{lines[0]}\n{lines[1][:30]}\n")
    with pytest.raises(DataError, match=r"Line 2 of .*md\.jsonl is damaged: delete that file"):
        file.progress()


def test_a_segment_is_written_by_one_process_at_a_time(tmp_path):
    file = SegmentFile(tmp_path / "md.jsonl")
    lock = tmp_path / ".md.jsonl.lock"
    with file.claimed(), pytest.raises(SettingsError, match="busy"), locked(lock, "busy"):
        pass
    with locked(lock, "busy"):
        pass
