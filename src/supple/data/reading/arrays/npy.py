"""The content of a .npy file: a header with type and shape, then the numbers. Pickled objects are read without running them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from supple.data.reading.arrays.object_arrays import read_object_array
from supple.errors import DataError


def read_npy(content: Any, n_bytes: int, where: str) -> np.ndarray:
    """The array in the content of a .npy file.

    Args:
        content: a binary file at its beginning; it can be read from there once more.
        n_bytes: its size, which the header must agree with: a forged shape would fill the memory.
        where: the array and its file, for messages.

    Raises:
        DataError: it is damaged, or holds objects other than dictionaries, lists, numbers, strings and arrays.
    """
    try:
        major, _ = np.lib.format.read_magic(content)
        header = np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
        shape, _, dtype = header(content)
        size = content.tell() + math.prod(shape) * dtype.itemsize
        content.seek(0)
        if dtype.hasobject:
            return read_object_array(content.read(), where)
        if min(shape, default=0) < 0 or size != n_bytes:
            raise ValueError(f"its header states {size} bytes, it has {n_bytes}")
        return np.lib.format.read_array(content, allow_pickle=False)
    except (ValueError, TypeError, EOFError, MemoryError, OverflowError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(f"{where} is damaged ({reason}): copy the file again.") from error
