"""The table of filters on the radial grid, and its adjoint, for one layer; each thread takes some knots.

v = ssp(φ A + a) B + b ,  table_k = 4/3 v_k - (v_{k-1} + v_{k+1}) / 6        φ: Gaussians on the knots, shape (K, G)

A few knots at a time go through all steps, so that intermediate results stay in the L1 cache.
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np

from supple.models.neural.compiled.products import (
    activate,
    add_product,
    add_product_of_transposed,
    add_sum,
    scale,
    set_rows,
)
from supple.models.neural.schnet.compiled.jit import compiled, part

_AT, _BESIDE, _ZERO = np.float32(4 / 3), np.float32(-1 / 6), np.float32(0)
#: Knots at a time.
_CHUNK = 62


@part
@no_type_check
def tabulate(gaussians, first, first_bias, second, second_bias, hidden, logistic, table, low, high):
    """Fill the rows from low to high of one layer's table (K - 2, F).

    Stores what the adjoint needs at the knots from low to high, `hidden` and `logistic`, both (K, F); with the last row also at the
    last two knots.
    """
    rows, size = table.shape
    values = np.empty((_CHUNK + 2, size), np.float32)
    h, s = np.empty_like(values), np.empty_like(values)
    for start in range(low, high, _CHUNK):
        stop = min(start + _CHUNK, high)
        n = stop - start + 2
        v = values[:n]
        set_rows(v, first_bias[0])
        add_product(v, gaussians[start : stop + 2], first)
        activate(v, h[:n], s[:n])
        set_rows(v, second_bias[0])
        add_product(v, h[:n], second)
        for k in range(n - 2):
            before, at, after, row = v[k], v[k + 1], v[k + 2], table[start + k]
            for f in range(size):
                row[f] = _AT * at[f] + _BESIDE * (before[f] + after[f])
        own = n if stop == rows else n - 2
        hidden[start : start + own] = h[:own]
        logistic[start : start + own] = s[:own]


@compiled
@no_type_check
def tabulate_back(
    by_tables,
    t,
    gaussians,
    second_transposed,
    hidden,
    logistic,
    by_first,
    by_first_bias,
    by_second,
    by_second_bias,
    low,
    high,
):
    """Add the gradient by the filter parameters of layer t, through the knots from low to high.

    The function has the derivatives Σ by_tables (parts, T, K - 2, F) by the table.
    """
    parts, _, rows, size = by_tables.shape
    some = np.empty((_CHUNK, size), np.float32)
    other = np.empty_like(some)
    for start in range(low, high, _CHUNK):
        stop = min(start + _CHUNK, high)
        by_values, by_hidden = some[: stop - start], other[: stop - start]
        by_values[:] = _ZERO
        for thread in range(parts):
            for k in range(start, stop):
                out = by_values[k - start]
                for row in range(max(k - 2, 0), min(k + 1, rows)):
                    weight, of = _AT if row == k - 1 else _BESIDE, by_tables[thread, t, row]
                    for f in range(size):
                        out[f] += weight * of[f]
        add_sum(by_second_bias[0], by_values)
        add_product_of_transposed(by_second, hidden[start:stop], by_values)
        by_hidden[:] = _ZERO
        add_product(by_hidden, by_values, second_transposed)
        scale(by_hidden, logistic[start:stop])
        add_sum(by_first_bias[0], by_hidden)
        add_product_of_transposed(by_first, gaussians[start:stop], by_hidden)
