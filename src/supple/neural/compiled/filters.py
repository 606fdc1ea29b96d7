"""The table of filters on the radial grid, and its adjoint, for one layer.

v = ssp(φ A + a) B + b ,  table_k = 4/3 v_k - (v_{k-1} + v_{k+1}) / 6        φ: Gaussians on the knots, shape (K, G)
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np

from supple.neural.compiled.jit import compiled
from supple.neural.compiled.products import (
    activate,
    add_product,
    add_product_of_transposed,
    add_sum,
    scale,
    set_rows,
)

_AT, _BESIDE = np.float32(4 / 3), np.float32(-1 / 6)


@compiled
@no_type_check
def tabulate(gaussians, first, first_bias, second, second_bias, hidden, logistic, table):
    """Fill the table (K - 2, F) of one layer, and keep what the adjoint needs: `hidden` and `logistic`, both (K, F)."""
    values = np.empty_like(hidden)
    set_rows(values, first_bias[0])
    add_product(values, gaussians, first)
    activate(values, hidden, logistic)
    set_rows(values, second_bias[0])
    add_product(values, hidden, second)
    for k in range(len(table)):
        before, here, after, row = values[k], values[k + 1], values[k + 2], table[k]
        for f in range(len(row)):
            row[f] = _AT * here[f] + _BESIDE * (before[f] + after[f])


@compiled
@no_type_check
def tabulate_back(by_tables, gaussians, second, hidden, logistic, by_first, by_first_bias, by_second, by_second_bias):
    """Add the gradient by the filters' parameters of a function with the derivatives Σ by_tables (parts, K - 2, F)."""
    by_values = np.zeros_like(hidden)
    for part in range(len(by_tables)):
        for k in range(by_tables.shape[1]):
            row, before, here, after = by_tables[part, k], by_values[k], by_values[k + 1], by_values[k + 2]
            for f in range(len(row)):
                before[f] += _BESIDE * row[f]
                here[f] += _AT * row[f]
                after[f] += _BESIDE * row[f]
    add_sum(by_second_bias[0], by_values)
    add_product_of_transposed(by_second, hidden, by_values)
    by_hidden = np.zeros_like(hidden)
    add_product(by_hidden, by_values, second.T.copy())
    scale(by_hidden, logistic)
    add_sum(by_first_bias[0], by_hidden)
    add_product_of_transposed(by_first, gaussians, by_hidden)
