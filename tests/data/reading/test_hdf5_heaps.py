"""Texts of HDF5 files lie in heaps; the library never returns from one whose free space has no size."""

import h5py
import numpy as np
import pytest

from supple.data.reading import read
from supple.data.reading.arrays.hdf5_heaps import heaps_are_sound
from supple.errors import DataError


@pytest.fixture
def file(tmp_path):
    """Two heaps, one full of texts."""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["numbers"] = [8, 1, 1]
        file["positions"] = file["forces"] = np.zeros((2, 3, 3))
        file["tag"] = ["x" * 17 * k for k in range(100)]
    return tmp_path / "a.h5"


def test_sound_ones(file):
    assert file.read_bytes().count(b"GCOL") > 1
    assert heaps_are_sound(file)


@pytest.mark.parametrize(("start", "stop"), [(8, 16), (24, 32), (16, 32)])
def test_damaged_ones(file, start, stop):
    content = bytearray(file.read_bytes())
    place = content.index(b"GCOL")
    content[place + start : place + stop] = bytes(stop - start)
    file.write_bytes(content)
    with pytest.raises(DataError, match=r"a\.h5 is damaged \(the heap of its texts\)"):
        read(file, units="eV")
