"""Small matrix products and activations.

Products of 20 to 500 rows with 64 columns are too small for a BLAS: the call, its packing and its threads cost as much as the
multiplications, and the result would still have to be added to something. Here a piece of the result, two rows by one vector,
stays in registers while the terms are summed, 32 at a time, so that the rows of b that they need stay in the L1 cache.
"""

from __future__ import annotations

import math
from typing import no_type_check

import numpy as np

from supple.models.neural.compiled import WIDTH
from supple.models.neural.compiled.jit import compiled, part
from supple.runtime.jit.vectors import item, load, splat, store

_LN2 = np.float32(math.log(2))
_LOG2E = np.float32(math.log2(math.e))
_ONE, _HALF, _TWO, _ZERO = np.float32(1), np.float32(0.5), np.float32(2), np.float32(0)
_LARGEST = np.float32(80)
#: 1/n! and 1/(2n + 1).
_E0, _E1, _E2, _E3, _E4, _E5, _E6 = (np.float32(1 / math.factorial(n)) for n in range(7))
_A0, _A1, _A2, _A3, _A4, _A5, _A6 = (np.float32(1 / (2 * n + 1)) for n in range(7))


#: Terms of a product that are summed before the next columns.
_TERMS = 32
#: Side of the squares in which matrices are transposed.
_TILE = 16


@compiled
@no_type_check
def add_product(out, a, b):
    """Out += a b; b has a multiple of WIDTH columns."""
    _add_product(out, a, a.shape[1], 1, b)


@compiled
@no_type_check
def add_product_of_transposed(out, a, b):
    """Out += aᵀ b; b has a multiple of WIDTH columns."""
    _add_product(out, a, 1, a.shape[1], b)


@part
@no_type_check
def _add_product(out, a, row, term, b):
    """The offset of a's elements grows by `row` from one row of the result to the next, and by `term` from one term to the next.

    Each group of terms is summed separately: rounding errors grow with the number of groups, not of terms.
    """
    rows, size, terms = len(out), out.shape[1], len(b)
    for low in range(0, terms, _TERMS):
        high = min(low + _TERMS, terms)
        for f in range(0, size, WIDTH):
            for i in range(0, rows - 1, 2):
                here = i * size + f
                one, two = splat(_ZERO), splat(_ZERO)
                at_a, at_b = i * row + low * term, low * size + f
                for _ in range(low, high):
                    v = load(b, at_b)
                    one += splat(item(a, at_a)) * v
                    two += splat(item(a, at_a + row)) * v
                    at_a += term
                    at_b += size
                store(out, here, load(out, here) + one)
                store(out, here + size, load(out, here + size) + two)
            if rows % 2:
                here = (rows - 1) * size + f
                one = splat(_ZERO)
                for k in range(low, high):
                    one += splat(item(a, (rows - 1) * row + k * term)) * load(b, k * size + f)
                store(out, here, load(out, here) + one)


@part
@no_type_check
def transpose(out, a):
    """Out = aᵀ, in square tiles, as columns of large matrices map to few cache lines."""
    for top in range(0, a.shape[0], _TILE):
        for left in range(0, a.shape[1], _TILE):
            for j in range(left, min(left + _TILE, a.shape[1])):
                for i in range(top, min(top + _TILE, a.shape[0])):
                    out[j, i] = a[i, j]


@part
@no_type_check
def add_sum(out, a):
    """Out += the sum over the rows of a."""
    for r in range(len(a)):
        row = a[r]
        for f in range(len(out)):
            out[f] += row[f]


@part
@no_type_check
def set_rows(out, row):
    """Copy a row into every row of out."""
    for r in range(len(out)):
        here = out[r]
        for f in range(len(row)):
            here[f] = row[f]


@part
@no_type_check
def scale(a, b):
    """A ← a ∘ b"""
    for r in range(len(a)):
        here, by = a[r], b[r]
        for f in range(len(here)):
            here[f] *= by[f]


@compiled
@no_type_check
def activate(x, activated, logistic):
    """The shifted softplus ln(½ eˣ + ½) of x and its derivative, the logistic function; three different arrays.

    Series, unlike exp and log of the C library, are vectorised. With e = e^{-|x|} = 2^{-k} e^{rest},
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
