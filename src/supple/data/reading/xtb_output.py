"""The output of xtb, which has neither geometries nor gradients."""

from __future__ import annotations

from supple.data.reading.frames import Frame
from supple.errors import DataError


def frames(content: bytes, name: str) -> list[Frame]:
    """Refuse it, and name the file to read instead.

    Raises:
        DataError: always.
    """
    del content
    raise DataError(
        f"{name} is the output of xtb, which has no gradients: read NAME.engrad or the file gradient beside it, which "
        "xtb writes with the option --grad."
    )
