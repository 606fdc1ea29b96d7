"""Small matrix products and activations, for loops that hold a few dozen rows in the nearest cache.

Products of 10 to 100 rows by 64 columns are too small for a BLAS: the call, its packing and its threads cost as much as the
multiplications. Four rows by two terms at a time need one load for each multiplication, and the inner loop runs along the
columns, which vector registers are filled with.
"""

from __future__ import annotations

import math
from typing import Any, no_type_check

import numba
import numpy as np

#: As fast as the hardware allows, but NaN stays NaN: sums may be reordered and fused, nothing else.
OPTIONS: dict[str, Any] = {
    "fastmath": {"contract", "reassoc", "nsz", "arcp"},
    "error_model": "numpy",
    "nogil": True,
    "cache": True,
}

_LN2 = np.float32(math.log(2))
_LOG2E = np.float32(math.log2(math.e))
_ONE, _HALF, _TWO, _ZERO = np.float32(1), np.float32(0.5), np.float32(2), np.float32(0)
_LARGEST = np.float32(80)
#: 1/n! and 1/(2n + 1).
_E0, _E1, _E2, _E3, _E4, _E5, _E6 = (np.float32(1 / math.factorial(n)) for n in range(7))
_A0, _A1, _A2, _A3, _A4, _A5, _A6 = (np.float32(1 / (2 * n + 1)) for n in range(7))


@numba.njit(**OPTIONS)
@no_type_check
def add_sum(out, a):
    """Out += the sum of a's rows."""
    for r in range(len(a)):
        row = a[r]
        for f in range(len(out)):
            out[f] += row[f]


@numba.njit(**OPTIONS)
@no_type_check
def set_rows(out, row):
    """Every row of out is this one."""
    for r in range(len(out)):
        here = out[r]
        for f in range(len(row)):
            here[f] = row[f]


@numba.njit(**OPTIONS)
@no_type_check
def scale(a, b):
    """A ← a ∘ b"""
    for r in range(len(a)):
        here, by = a[r], b[r]
        for f in range(len(here)):
            here[f] *= by[f]


@numba.njit(**OPTIONS)
@no_type_check
def activate(x, activated, logistic):
    """The shifted softplus ln(½ eˣ + ½) of x and its derivative, the logistic function; `activated` may be x itself.

    Series, unlike exp and log of the C library, are vector operations. With e = e^{-|x|} = 2^{-k} e^{rest},
    ln(1 + e) = 2 artanh(e / (2 + e)). A power of two is an exponent's bits.
    """
    bits = np.empty(x.shape[1], np.int32)
    powers = bits.view(np.float32)
    rest = np.empty(x.shape[1], np.float32)
    for r in range(len(x)):
        row, out, slope = x[r], activated[r], logistic[r]
        for f in range(len(row)):
            size = min(abs(row[f]), _LARGEST)
            k = np.int32(size * _LOG2E + _HALF)
            rest[f] = np.float32(k) * _LN2 - size
            bits[f] = (np.int32(127) - k) << np.int32(23)
        for f in range(len(row)):
            y = rest[f]
            e = _E0 + y * (_E1 + y * (_E2 + y * (_E3 + y * (_E4 + y * (_E5 + y * _E6)))))
            e *= powers[f]
            z = e / (_TWO + e)
            square = z * z
            series = _A0 + square * (
                _A1 + square * (_A2 + square * (_A3 + square * (_A4 + square * (_A5 + square * _A6))))
            )
            value = row[f]
            share = _ONE / (_ONE + e)
            slope[f] = share if value >= _ZERO else e * share
            out[f] = max(value, _ZERO) + _TWO * z * series - _LN2
