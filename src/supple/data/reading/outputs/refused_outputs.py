"""Outputs in which geometries and gradients do not stand together, but in a file beside them."""

from __future__ import annotations

from typing import NoReturn

from supple.errors import DataError


def xtb(content: bytes, name: str) -> NoReturn:
    """Refuse the output of xtb, which has no gradients, and name the file to read instead.

    Raises:
        DataError: always.
    """
    del content
    raise DataError(
        f"{name} is the output of xtb, which has no gradients: read NAME.engrad or the file gradient beside it, which "
        "xtb writes with the option --grad."
    )


def turbomole(content: bytes, name: str) -> NoReturn:
    """Refuse the output of Turbomole, which each of its programs continues, and name the file to read instead.

    Raises:
        DataError: always.
    """
    del content
    raise DataError(
        f"{name} is an output of Turbomole, in which several programs print parts of one calculation: read the file "
        "gradient beside it, which has the geometry, energy and gradient of each cycle."
    )
