"""HDF5 files on a full disk."""

from __future__ import annotations

import errno
import io
import os
from pathlib import Path

import numpy as np
import pytest

from supple.runtime.files import replacing
from supple.runtime.hdf5 import writing_hdf5

h5py = pytest.importorskip("h5py")


def test_what_is_written_can_be_read_and_extended(tmp_path: Path) -> None:
    file = tmp_path / "a.h5"
    with writing_hdf5(file, "w") as opened:
        opened.create_dataset("x", data=np.arange(1000.0), maxshape=(None,))
    with writing_hdf5(file, "r+") as opened:
        opened["x"].resize(2000, axis=0)
        opened["x"][1000:] = 7.0
    with h5py.File(file) as opened:
        assert opened["x"][:].tolist() == [*range(1000), *[7.0] * 1000]


@pytest.mark.parametrize("room", [0, 500, 5000])
def test_a_full_disk_is_an_error_and_the_old_file_remains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    def until_full(self: io.FileIO, content: memoryview) -> int:
        if self.tell() + len(content) > room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return io.FileIO.write(self, content)

    file = tmp_path / "a.h5"
    with writing_hdf5(file, "w") as opened:
        opened["old"] = 1.0
    monkeypatch.setattr("supple.runtime.hdf5._write", until_full)
    with (
        pytest.raises(OSError, match=r"No space left on device.*a\.h5"),
        replacing(file) as temporary,
        writing_hdf5(temporary, "w") as opened,
    ):
        opened["new"] = np.arange(10_000.0)
    monkeypatch.undo()
    with h5py.File(file) as opened:
        assert list(opened) == ["old"]
    assert [one.name for one in tmp_path.iterdir()] == ["a.h5"]
