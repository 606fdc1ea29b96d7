"""The cache of compiled functions, where it can be written; where it cannot, compilation is repeated instead of failing.

Numba caches beside the source or in the home folder, and gives up where it can write to neither: in an installation that belongs to
somebody else, from a job without a home.
"""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core import config
from numba.core.caching import FunctionCache, NullCache

_log = logging.getLogger("supple")


def cached_njit(function: Callable[..., Any], **options: Any) -> Any:
    """`numba.njit(cache=True)` that compiles again where the cache cannot be read or written."""
    dispatcher = numba.njit(function, **options)
    try:
        if (folder := _replacement()) is not None:
            config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]  # made at run time
        dispatcher._cache = _Cache(function)
    except (RuntimeError, OSError) as error:  # not even a temporary folder can be written
        _say_not_kept(str(error))
        dispatcher._cache = NullCache()
    return dispatcher


@contextmanager
def shared_cache() -> Iterator[None]:
    """Processes that are started in this block use the temporary cache of this one, if it needs one."""
    name = "NUMBA_CACHE_DIR"
    before = os.environ.get(name)
    with contextlib.suppress(OSError):
        if (folder := _replacement()) is not None:
            os.environ[name] = str(folder)
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = before


class _Cache(FunctionCache):
    """Numba's cache of a function, without errors."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled function; None, so that it is compiled again, where it cannot be read."""
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # what a half-written or damaged file raises is unlimited
            with contextlib.suppress(OSError):
                self.flush()
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep the compiled function, if possible."""
        try:
            super().save_overload(sig, data)
        except Exception as error:
            _say_not_kept(str(error))


@cache
def _replacement() -> Path | None:
    """A temporary folder, where none of Numba's usual ones can be written; it is removed when this process ends.

    Raises:
        OSError: there can be none.
    """
    if any(_writable(folder) for folder in _usual_folders()):
        return None
    folder = tempfile.TemporaryDirectory(prefix="supple-compiled-")
    _KEPT.append(folder)
    _log.warning(
        "No folder for compiled code can be written, so it is compiled anew by each command (about a minute): set "
        "NUMBA_CACHE_DIR to a folder of yours."
    )
    return Path(folder.name)


#: Temporary folders that exist as long as this process.
_KEPT: list[tempfile.TemporaryDirectory[str]] = []


def _usual_folders() -> Iterator[Path]:
    if chosen := getattr(config, "CACHE_DIR", ""):
        yield Path(chosen)
    yield Path(__file__).parent / "__pycache__"
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 (Path.expanduser raises)
    if not home.startswith("~"):
        yield Path(home) / "numba"


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


@cache
def _say_not_kept(reason: str) -> None:
    _log.warning(f"Compiled code cannot be kept ({reason}), so that the next command compiles it again.")
