"""Numbers in a file's units, such that reading them gives the same numbers again."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

#: So many decimal digits survive any conversion to binary and back.
_DIGITS = 15


def in_unit(values: Float[np.ndarray, "..."], unit: float) -> Float[np.ndarray, "..."]:
    """Values divided by a unit: numbers of which `number * unit` is the value again, to the last bit, where there are such.

    Where several are, the one that has up to 15 digits is taken: the number that stood in the file that the values were
    read from, unless that had more.
    """
    if unit == 1.0:
        return values
    written = values / unit
    for towards in (np.inf, -np.inf):
        near = np.nextafter(written, towards)
        better = (written * unit != values) & (near * unit == values)
        written = np.where(better, near, written)
    short = _shortened(written)
    return np.where(short * unit == values, short, written)


def _shortened(values: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Each rounded to 15 decimal digits, exactly where powers of ten up to 22 will do, which a float64 holds exactly."""
    with np.errstate(all="ignore"):
        places = _DIGITS - 1 - np.floor(np.log10(np.abs(values)))
        ten = 10.0 ** np.clip(places, 0, 22)
        short = np.rint(values * ten) / ten
    return np.where(np.isfinite(short), short, values)
