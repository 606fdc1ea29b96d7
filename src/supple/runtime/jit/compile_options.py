"""How loops are compiled, and how Numba's cache learns that they have changed.

Numba keeps machine code for the file that a function stands in. What it took over from another file would outlive a change
there, so that functions carry a digest of all their sources in the name under which they are kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

_OPTIONS: dict[str, Any] = {
    # As fast as the hardware allows, but NaN stays NaN: sums may be reordered and fused, nothing else.
    "fastmath": {"contract", "reassoc", "nsz", "arcp"},
    "error_model": "numpy",
    "nogil": True,
}


class Compiler:
    """Compiles functions that are made of these files, and of this folder's.

    Args:
        sources: their files, or folders of such.
    """

    def __init__(self, *sources: Path) -> None:
        files = [file for source in (Path(__file__).parent, *sources) for file in _files(source)]
        self._digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]

    def compiled(self, function: Callable[..., Any]) -> Any:
        """A function in machine code that lets go of the interpreter's lock."""
        function.__qualname__ += f"-{self._digest}"
        return numba.njit(function, cache=True, **_OPTIONS)

    def inlined(self, function: Callable[..., Any]) -> Any:
        """The same, written out where it is called: even a call that LLVM removes leaves the counting of references behind."""
        return numba.njit(function, inline="always", **_OPTIONS)


def _files(source: Path) -> list[Path]:
    return sorted(source.glob("*.py")) if source.is_dir() else [source]
