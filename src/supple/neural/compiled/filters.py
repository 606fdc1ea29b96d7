"""The table of filters on the radial grid, and its adjoint, for one layer.

v = ssp(φ A + a) B + b ,  table_k = 4/3 v_k - (v_{k-1} + v_{k+1}) / 6        φ: Gaussians on the knots, shape (K, G)
"""

from __future__ import annotations

from typing import no_type_check

import numba
import numpy as np

from supple.neural.compiled.products import OPTIONS, activate, add_sum, scale, set_rows

_AT, _BESIDE = np.float32(4 / 3), np.float32(-1 / 6)


@numba.njit(**OPTIONS)
@no_type_check
def tabulate(gaussians, first, first_bias, second, second_bias, hidden, logistic, table):
    """Fill the table (K - 2, F) of one layer, and keep what the adjoint needs: `hidden` and `logistic`, both (K, F)."""
    set_rows(hidden, first_bias[0])
    hidden += np.dot(gaussians, first)
    activate(hidden, hidden, logistic)
    values = np.empty_like(hidden)
    set_rows(values, second_bias[0])
    values += np.dot(hidden, second)
    for k in range(len(table)):
        before, here, after, row = values[k], values[k + 1], values[k + 2], table[k]
        for f in range(len(row)):
            row[f] = _AT * here[f] + _BESIDE * (before[f] + after[f])


@numba.njit(**OPTIONS)
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
    by_second += np.dot(hidden.T, by_values)
    by_hidden = np.dot(by_values, second.T)
    scale(by_hidden, logistic)
    add_sum(by_first_bias[0], by_hidden)
    by_first += np.dot(gaussians.T, by_hidden)
