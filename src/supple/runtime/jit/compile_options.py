"""How loops are compiled, and how Numba's cache is invalidated when they change.

Numba caches machine code for the file that defines a function. Code inlined from another file would survive a change there, so the
name under which a function is cached contains a digest of all its source files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

from supple.runtime.jit.cache import cached_njit
from supple.runtime.jit.linkage import PartCompiler, SelfContainedCompiler

#: As fast as the hardware allows, but NaN stays NaN: sums may be reordered and fused, nothing else.
_NAN_STAYS = frozenset({"contract", "reassoc", "nsz", "arcp"})


class Compiler:
    """Compiles functions whose code comes from the given files and from this folder.

    Args:
        sources: files, or folders of files.
        finite: whether the loops may assume that no number is NaN or infinite.
    """

    def __init__(self, *sources: Path, finite: bool = False) -> None:
        files = [file for source in (Path(__file__).parent, *sources) for file in _files(source)]
        self._digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]
        self._options: dict[str, Any] = {
            "fastmath": True if finite else set(_NAN_STAYS),
            "error_model": "numpy",
            "nogil": True,
        }

    def compiled(self, function: Callable[..., Any]) -> Any:
        """Compile a function to machine code that releases the interpreter lock."""
        function.__qualname__ += f"-{self._digest}"
        return cached_njit(function, pipeline_class=SelfContainedCompiler, **self._options)

    def part(self, function: Callable[..., Any]) -> Any:
        """Compile a function that only compiled functions call; it is optimised with them."""
        return numba.njit(function, pipeline_class=PartCompiler, **self._options)

    def inlined(self, function: Callable[..., Any]) -> Any:
        """Compile a function that is inlined into its callers: even a call that LLVM inlines leaves reference counting behind."""
        return numba.njit(function, inline="always", **self._options)


def _files(source: Path) -> list[Path]:
    return sorted(source.glob("*.py")) if source.is_dir() else [source]
