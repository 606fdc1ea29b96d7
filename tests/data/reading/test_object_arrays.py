"""Object arrays are read as data, or not at all."""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supple.data.reading.arrays.object_arrays import read_object_array
from supple.errors import DataError


def stored(value: Any) -> bytes:
    array = np.empty((), dtype=object)
    array[()] = value
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def with_protocol(value: Any, protocol: int) -> bytes:
    """As other versions of NumPy and Python wrote it."""
    array = np.empty((), dtype=object)
    array[()] = value
    head = stored(None)
    size = 10 + int.from_bytes(head[8:10], "little")
    return head[:size] + pickle.dumps(array, protocol=protocol)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(max_size=300),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner) | st.tuples(inner),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(plain, st.sampled_from([0, 1, 2, 3, 4]))
def test_plain_values(value: Any, protocol: int) -> None:
    assert read_object_array(with_protocol(value, protocol), "'a' of b.npz").item() == value


@pytest.mark.parametrize("protocol", [2, 3, 4])
@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(6).reshape(2, 3)),
        np.array(["ab", "c"]),
        np.array([True]),
        np.arange(3, dtype=">i4"),
        np.empty((0, 3)),
    ],
)
def test_arrays_inside(array: np.ndarray, protocol: int) -> None:
    value = {"perms": array, "again": [array, np.float64(2.5), np.int32(3)]}
    found = read_object_array(with_protocol(value, protocol), "'a' of b.npz").item()
    assert found["perms"].dtype == array.dtype
    assert np.array_equal(found["perms"], array)
    assert np.array_equal(found["again"][0], array)
    assert found["again"][1:] == [2.5, 3]


@pytest.mark.parametrize("value", [Fraction(1, 2), OrderedDict(a=1), {1, 2}, print, np.random.default_rng, 1j])
def test_anything_else_is_refused(value: Any) -> None:
    with pytest.raises(DataError, match=r"'a' of b\.npz contains .*: store plain arrays"):
        read_object_array(stored(value), "'a' of b.npz")


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damage_is_refused_or_harmless(data: st.DataObject) -> None:
    content = bytearray(stored({"a": np.arange(3.0), "b": ["x", 1]}))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        read_object_array(bytes(content), "'a' of b.npz")
    except DataError as error:
        assert "'a' of b.npz" in str(error)


def nested(depth, width=10):
    value = [1.0]
    for _ in range(depth):
        value = [value] * width
    return value


def endless():
    value = [1.0]
    value.append(value)
    return value


@pytest.mark.parametrize("value", [nested(9), endless()], ids=["nested", "endless"])
def test_lists_that_contain_one_another_too_often_are_refused(value):
    array = np.empty(1, dtype=object)
    array[0] = value
    content = io.BytesIO()
    np.save(content, array, allow_pickle=True)
    with pytest.raises(DataError, match="contain one another too often"):
        read_object_array(content.getvalue(), "'a' of b.npz")


def test_lists_that_are_shared_a_few_times_are_read():
    array = np.empty(1, dtype=object)
    array[0] = nested(3)
    content = io.BytesIO()
    np.save(content, array, allow_pickle=True)
    assert read_object_array(content.getvalue(), "'a' of b.npz")[0] == nested(3)
