"""Numbers in a file's units, such that reading them gives the same numbers again."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float


def in_unit(values: Float[np.ndarray, "..."], unit: float) -> Float[np.ndarray, "..."]:
    """Values divided by a unit, each to the last digit that makes `result * unit` the value again, where there is one."""
    if unit == 1.0:
        return values
    written = values / unit
    for towards in (np.inf, -np.inf):
        near = np.nextafter(written, towards)
        better = (written * unit != values) & (near * unit == values)
        written = np.where(better, near, written)
    return written
