"""The version of a method: that of its package, or a hash of the file of a function of the user's own."""

from __future__ import annotations

import hashlib
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from supple.methods import Method


def method_version(method: Method) -> str:
    """What the numbers of a method depend on besides its name, as `tblite 0.4.0`.

    A module that belongs to no package of this name is hashed, so that a change of it is a change of version.
    """
    if method.version is not None:
        return method.version()
    try:
        return f"{method.package} {version(method.package)}"
    except PackageNotFoundError:
        pass
    file = getattr(sys.modules.get(method.package), "__file__", None)
    if file is None:
        return method.package
    return f"{method.package} {hashlib.sha256(Path(file).read_bytes()).hexdigest()[:12]}"
