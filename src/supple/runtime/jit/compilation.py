"""Whether loops are compiled already: the first use after an installation has to be waited for."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def is_compiled(function: Any) -> bool:
    """Whether a compiled function has machine code, in this process or in the cache.

    The name under which a function is cached contains a digest of its sources, so older code is not taken for it. Code for
    arguments of other types, or for another processor, is: the answer serves a forecast alone.
    """
    folder = function.stats.cache_path
    cached = folder is not None and any(Path(folder).glob(f"*.{function.py_func.__qualname__}-*.nbi"))
    return cached or bool(function.signatures)
