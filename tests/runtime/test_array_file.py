"""Arrays come back as they were written; a change of a single bit is noticed."""

import pytest
import torch

from supple.runtime import array_file
from supple.runtime.array_file import read_arrays, write_arrays

ARRAYS = {
    "a": torch.arange(6.0).view(2, 3),
    "scalar": torch.tensor(3),
    "none": torch.zeros(0, 4),
    "b": torch.tensor([True]),
}


def test_there_and_back(tmp_path):
    write_arrays(tmp_path / "f", ARRAYS, {"text": "µ"})
    arrays, texts = read_arrays(tmp_path / "f")
    assert texts == {"text": "µ"}
    assert arrays.keys() == ARRAYS.keys()
    for name, array in arrays.items():
        assert array.dtype == ARRAYS[name].dtype
        assert torch.equal(array, ARRAYS[name])


def test_every_changed_byte_is_noticed(tmp_path):
    file = tmp_path / "f"
    write_arrays(file, ARRAYS, {"text": "abc"})
    content = file.read_bytes()
    unnoticed = []
    for place in range(len(content)):
        file.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        try:
            read = read_arrays(file)
        except ValueError:
            continue
        unnoticed.append(read)
    # only the name of the checksum itself may change, and then nothing else has
    assert all("abc" in read.texts.values() and torch.equal(read.arrays["a"], ARRAYS["a"]) for read in unnoticed)
    assert len(unnoticed) < 10


def test_a_file_larger_than_the_memory_is_not_read(tmp_path, monkeypatch):
    write_arrays(tmp_path / "f", ARRAYS, {})
    monkeypatch.setattr(array_file, "available_memory", lambda: 10)
    with pytest.raises(ValueError, match="do not fit into memory"):
        read_arrays(tmp_path / "f")
