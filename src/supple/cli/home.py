"""A home folder for processes that have none, as in containers: libraries look there for settings, and keep caches there."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory


@contextmanager
def some_home() -> Iterator[None]:
    """Within this block there is a home folder, if need be a temporary one.

    Without it ASE cannot be imported, and other libraries make a folder that is called ~.
    """
    if os.path.expanduser("~") != "~":  # noqa: PTH111 (Path.expanduser raises an error instead)
        yield
        return
    with TemporaryDirectory(prefix="supple-home-") as folder:
        sys.stderr.write(
            "There is no home folder, so a temporary one is used, and code that is compiled is not kept: set HOME to a "
            "folder of yours.\n"
        )
        os.environ["HOME"] = folder
        try:
            yield
        finally:
            del os.environ["HOME"]
