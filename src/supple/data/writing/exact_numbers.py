"""Numbers in a file's units, such that reading them gives the same numbers again."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

#: This many decimal digits survive any conversion to binary and back.
_DIGITS = 15


def in_unit(values: Float[np.ndarray, "..."], unit: float) -> Float[np.ndarray, "..."]:
    """Values divided by a unit, such that `number * unit` gives each value again, to the last bit, wherever it can.

    Of several such numbers, the one with at most 15 digits is taken: the number in the file that the values were read
    from, unless that had more digits.
    """
    if unit == 1.0:
        return values
    written = values / unit
    for direction in (np.inf, -np.inf):
        neighbour = np.nextafter(written, direction)
        better = (written * unit != values) & (neighbour * unit == values)
        written = np.where(better, neighbour, written)
    short = _shortened(written)
    return np.where(short * unit == values, short, written)


def _shortened(values: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Each rounded to 15 decimal digits, as far as powers of ten up to 22, which a float64 holds exactly, suffice."""
    with np.errstate(all="ignore"):
        places = _DIGITS - 1 - np.floor(np.log10(np.abs(values)))
        ten = 10.0 ** np.clip(places, 0, 22)
        short = np.rint(values * ten) / ten
    return np.where(np.isfinite(short), short, values)
