"""Are the heaps of an HDF5 file sound, in which it keeps texts? The HDF5 library never returns from some damaged ones.

A global heap collection is the signature, a version, its size, and objects that fill it: index, reference count and size of
each, then its content. The object of index 0 is the space that is left. (HDF5 File Format Specification 3.0, III.E.)
"""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

_SIGNATURE = b"GCOL\x01\x00\x00\x00"
_HEAD, _ALIGNMENT = 16, 8
#: To search a larger file takes longer than to read a molecule from it.
_LARGEST_SEARCHED = 1024**3


def heaps_are_sound(file: Path) -> bool:
    """Whether the objects of every heap fill it; True for files of more than 1 GiB, which are not searched."""
    if not 0 < file.stat().st_size <= _LARGEST_SEARCHED:
        return True
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content:
        at = content.find(_SIGNATURE)
        while at >= 0:
            if at % _ALIGNMENT == 0 and not _is_sound(content, at):
                return False
            at = content.find(_SIGNATURE, at + 1)
    return True


def _is_sound(content: mmap.mmap, start: int) -> bool:
    if start + _HEAD > len(content):
        return False
    (size,) = struct.unpack_from("<Q", content, start + 8)
    at, end = start + _HEAD, start + size
    if not _HEAD <= size <= len(content) - start:
        return False
    while end - at >= _HEAD:
        index, _, length = struct.unpack_from("<HH4xQ", content, at)
        if index == 0:
            return bool(_HEAD <= length <= end - at)
        at += _HEAD + -(-length // _ALIGNMENT) * _ALIGNMENT
    return bool(at <= end)
