"""Sums over the pairs of one frame: the continuous-filter convolution, its derivative by the distances, and theirs.

A filter is rebuilt from four rows of its table wherever it is needed: the table stays in the cache, which the filters of all
pairs would not. Names: y what is convolved, w and s the spline's weights for the value and the slope, l the first of the
four rows; i and j the two atoms of a pair, which share one filter.

    convolve               m_i = Σ_j W_ij ∘ y_j
    convolve_and_slope     the same of g, and D_p = Σ_f W'_ij ∘ (g_i ∘ y_j + g_j ∘ y_i)
    ..._back               their adjoints, by y, g and the table
"""

from __future__ import annotations

import math
from typing import no_type_check

import numba
import numpy as np

from supple.neural.compiled.products import OPTIONS

_ZERO = np.float32(0)


@numba.njit(**OPTIONS)
@no_type_check
def measure(positions, first, second, cutoff, spacing, pad, apart, distances, rows, values, slopes):
    """Distances, and the spline's weights for them as radial.py has them, in double precision; rows is -1 beyond the cutoff.

    Returns whether all is finite.
    """
    finite = True
    for p in range(len(first)):
        square = 0.0
        for c in range(3):
            d = positions[first[p], c] - positions[second[p], c]
            apart[p, c] = d
            square += d * d
        r = math.sqrt(square)
        distances[p] = r
        if not r < cutoff:
            rows[p] = -1
            finite &= r < np.inf
            continue
        place = r / spacing + pad - 1
        left = int(place)
        u = place - left
        v = 1 - u
        cut = 0.5 * (math.cos(math.pi / cutoff * r) + 1)
        falling = -0.5 * math.pi / cutoff * math.sin(math.pi / cutoff * r)
        spline = (v**3 / 6, 0.5 * u**3 - u**2 + 4 / 6, 0.5 * v**3 - v**2 + 4 / 6, u**3 / 6)
        slope = (-(v**2), 3 * u**2 - 4 * u, 4 * v - 3 * v**2, u**2)
        rows[p] = left - 1
        for k in range(4):
            values[p, k] = spline[k] * cut
            slopes[p, k] = slope[k] / (2 * spacing) * cut + spline[k] * falling
    return finite


@numba.njit(**OPTIONS)
@no_type_check
def _filter(table, row, weights, out):
    a, b, c, d = weights[0], weights[1], weights[2], weights[3]
    t0, t1, t2, t3 = table[row], table[row + 1], table[row + 2], table[row + 3]
    for f in range(len(out)):
        out[f] = a * t0[f] + b * t1[f] + c * t2[f] + d * t3[f]


@numba.njit(**OPTIONS)
@no_type_check
def _onto_both(out_i, out_j, w, in_i, in_j):
    for f in range(len(w)):
        out_i[f] += w[f] * in_j[f]
        out_j[f] += w[f] * in_i[f]


@numba.njit(**OPTIONS)
@no_type_check
def _crossed(out, a_i, a_j, b_i, b_j):
    for f in range(len(out)):
        out[f] = a_i[f] * b_j[f] + a_j[f] * b_i[f]


@numba.njit(**OPTIONS)
@no_type_check
def convolve(y, table, pairs, values, rows, m, w):
    """M += the convolution of y; w is room for one filter."""
    first, second = pairs
    for p in range(len(first)):
        if rows[p] >= 0:
            i, j = first[p], second[p]
            _filter(table, rows[p], values[p], w)
            _onto_both(m[i], m[j], w, y[i], y[j])


@numba.njit(**OPTIONS)
@no_type_check
def convolve_and_slope(g, y, table, pairs, values, slopes, rows, m, by_distance, w):
    """M += the convolution of g; by_distance += the derivative of g · convolution of y by the distances."""
    first, second = pairs
    for p in range(len(first)):
        if rows[p] >= 0:
            i, j = first[p], second[p]
            _filter(table, rows[p], values[p], w)
            _onto_both(m[i], m[j], w, g[i], g[j])
            _filter(table, rows[p], slopes[p], w)
            gi, gj, yi, yj = g[i], g[j], y[i], y[j]
            total = _ZERO
            for f in range(len(w)):
                total += w[f] * (gi[f] * yj[f] + gj[f] * yi[f])
            by_distance[p] += total


@numba.njit(**OPTIONS)
@no_type_check
def convolve_back(by_m, y, table, pairs, values, rows, by_y, by_table, w):
    """The adjoint of `convolve`."""
    first, second = pairs
    for p in range(len(first)):
        if rows[p] >= 0:
            i, j = first[p], second[p]
            _filter(table, rows[p], values[p], w)
            _onto_both(by_y[i], by_y[j], w, by_m[i], by_m[j])
            _crossed(w, by_m[i], by_m[j], y[i], y[j])
            for k in range(4):
                weight, row = values[p, k], by_table[rows[p] + k]
                for f in range(len(w)):
                    row[f] += weight * w[f]


@numba.njit(**OPTIONS)
@no_type_check
def convolve_and_slope_back(by_m, by_distance, g, y, table, pairs, values, slopes, rows, by_g, by_y, by_table, w, s):
    """The adjoint of `convolve_and_slope`."""
    first, second = pairs
    for p in range(len(first)):
        if rows[p] >= 0:
            i, j = first[p], second[p]
            _filter(table, rows[p], values[p], w)
            _filter(table, rows[p], slopes[p], s)
            weight = by_distance[p]
            for f in range(len(s)):
                s[f] *= weight
            _onto_both(by_g[i], by_g[j], w, by_m[i], by_m[j])
            _onto_both(by_g[i], by_g[j], s, y[i], y[j])
            _onto_both(by_y[i], by_y[j], s, g[i], g[j])
            _crossed(w, by_m[i], by_m[j], g[i], g[j])
            _crossed(s, g[i], g[j], y[i], y[j])
            for k in range(4):
                value, slope, row = values[p, k], slopes[p, k] * weight, by_table[rows[p] + k]
                for f in range(len(w)):
                    row[f] += value * w[f] + slope * s[f]
