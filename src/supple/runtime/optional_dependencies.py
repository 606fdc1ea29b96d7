"""Optional dependencies: where one is missing, one sentence names the extra to install."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from supple.errors import SettingsError


@contextmanager
def extra(name: str, program: str) -> Iterator[None]:
    """A block of imports from a program that `pip install 'supple[name]'` installs.

    Raises:
        SettingsError: it is not installed.
    """
    try:
        yield
    except ImportError as error:
        raise SettingsError(f"This needs {program} ({error}): pip install 'supple[{name}]'.") from error
