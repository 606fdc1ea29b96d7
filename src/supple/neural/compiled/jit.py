"""How the loops are compiled, and how Numba's cache learns that they have changed.

Numba keeps machine code for the file that a function stands in. What it took over from another file would outlive a change
there, so that functions carry a digest of this whole folder in the name under which they are kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

_FILES = sorted(Path(__file__).parent.glob("*.py"))
_DIGEST = hashlib.sha256(b"".join(file.read_bytes() for file in _FILES)).hexdigest()[:12]

_OPTIONS: dict[str, Any] = {
    # As fast as the hardware allows, but NaN stays NaN: sums may be reordered and fused, nothing else.
    "fastmath": {"contract", "reassoc", "nsz", "arcp"},
    "error_model": "numpy",
    "nogil": True,
}


def compiled(function: Callable[..., Any]) -> Any:
    """A function in machine code that lets go of the interpreter's lock."""
    function.__qualname__ += f"-{_DIGEST}"
    return numba.njit(function, cache=True, **_OPTIONS)


def inlined(function: Callable[..., Any]) -> Any:
    """The same, written out where it is called: even a call that LLVM removes leaves the counting of references behind."""
    return numba.njit(function, inline="always", **_OPTIONS)
