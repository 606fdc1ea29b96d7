"""Sums over the pairs of atoms: the continuous-filter convolution, its derivative by the distances, and their adjoints.

Each pair within the cutoff stands once, with the first of its atoms, i; j is its partner. `near` lists them for each geometry:

    starts      where the pairs of atom i begin, and end with those of the next one            (B, N + 1)
    partners    j < i                                                                          (B, E)
    rows        the first of the four rows of the table that its filter is made of             (B, E)
    values      the spline's weights of those rows for the filter W                            (B, E, 4)
    slopes      the same for its derivative by the distance, W'                                (B, E, 4)

A filter is rebuilt from its four rows wherever it is needed: the table stays in the cache, which the filters of all pairs would
not. Each loop takes WIDTH features at a time; what belongs to atom i stays in registers while the loop over its partners runs.

    convolve               m_i = Σ_j W_ij ∘ y_j
    convolve_and_slope     the same of g, and D_p = Σ_f W'_ij ∘ (g_i ∘ y_j + g_j ∘ y_i)
    ..._back               their adjoints, by y, g and the table

y, g and m hold the rows of the geometries from start to stop; the table has as many columns.
"""

from __future__ import annotations

import math
from typing import no_type_check

import numpy as np

from supple.neural.compiled import WIDTH
from supple.neural.compiled.jit import compiled, inlined
from supple.neural.compiled.vectors import item, load, put, splat, store, total

_ZERO = np.float32(0)


@compiled
@no_type_check
def measure(positions, grid, near, apart, distances, b):
    """List the pairs of geometry b, with r_i - r_j and its length, and the spline's weights as radial.py has them.

    In double precision. Returns whether all is finite.
    """
    starts, partners, rows, values, slopes = near
    cutoff, spacing, pad = grid
    finite = True
    p = 0
    for i in range(positions.shape[1]):
        starts[b, i] = p
        for j in range(i):
            square = 0.0
            for c in range(3):
                d = positions[b, i, c] - positions[b, j, c]
                apart[b, p, c] = d
                square += d * d
            r = math.sqrt(square)
            if not r < cutoff:
                finite &= r < np.inf
                continue
            distances[b, p] = r
            place = r / spacing + pad - 1
            left = int(place)
            u = place - left
            v = 1 - u
            # f_c = ½ (cos(π r / r_c) + 1) = cos² ½ π r / r_c
            half = math.cos(0.5 * math.pi / cutoff * r)
            cut = half * half
            falling = -math.pi / cutoff * half * math.sqrt(1 - cut)
            spline = (v**3 / 6, 0.5 * u**3 - u**2 + 4 / 6, 0.5 * v**3 - v**2 + 4 / 6, u**3 / 6)
            slope = (-(v**2), 3 * u**2 - 4 * u, 4 * v - 3 * v**2, u**2)
            partners[b, p], rows[b, p] = j, left - 1
            for k in range(4):
                values[b, p, k] = spline[k] * cut
                slopes[b, p, k] = slope[k] / (2 * spacing) * cut + spline[k] * falling
            p += 1
    starts[b, positions.shape[1]] = p
    return finite


@inlined
@no_type_check
def _pairs_of(starts, partners, b, i):
    """The places of atom i's pairs in the lists: from, to."""
    at = b * starts.shape[1] + i
    return b * partners.shape[1] + item(starts, at), b * partners.shape[1] + item(starts, at + 1)


@inlined
@no_type_check
def _spline(table, row, weights, p):
    """Columns of a filter: the first of four rows is at this place of the table."""
    size, p = table.shape[1], 4 * p
    return (
        splat(item(weights, p)) * load(table, row)
        + splat(item(weights, p + 1)) * load(table, row + size)
        + splat(item(weights, p + 2)) * load(table, row + 2 * size)
        + splat(item(weights, p + 3)) * load(table, row + 3 * size)
    )


@inlined
@no_type_check
def _increase(array, place, by):
    store(array, place, load(array, place) + by)


@compiled
@no_type_check
def convolve(y, table, near, m, start, stop):
    """M += the convolution of y."""
    starts, partners, rows, values, _ = near
    size, n = y.shape[1], starts.shape[1] - 1
    for b in range(start, stop):
        base = (b - start) * n
        for f in range(0, size, WIDTH):
            for i in range(n):
                here = (base + i) * size + f
                y_i, m_i = load(y, here), load(m, here)
                first, last = _pairs_of(starts, partners, b, i)
                for p in range(first, last):
                    there = (base + item(partners, p)) * size + f
                    w = _spline(table, item(rows, p) * size + f, values, p)
                    m_i += w * load(y, there)
                    _increase(m, there, w * y_i)
                store(m, here, m_i)


@compiled
@no_type_check
def convolve_and_slope(g, y, table, near, m, by_distance, start, stop):
    """M += the convolution of g; by_distance += the derivative of g · convolution of y by the distances."""
    starts, partners, rows, values, slopes = near
    size, n = y.shape[1], starts.shape[1] - 1
    for b in range(start, stop):
        base = (b - start) * n
        for f in range(0, size, WIDTH):
            for i in range(n):
                here = (base + i) * size + f
                g_i, y_i, m_i = load(g, here), load(y, here), load(m, here)
                first, last = _pairs_of(starts, partners, b, i)
                for p in range(first, last):
                    there, row = (base + item(partners, p)) * size + f, item(rows, p) * size + f
                    g_j = load(g, there)
                    w = _spline(table, row, values, p)
                    m_i += w * g_j
                    _increase(m, there, w * g_i)
                    crossed = _spline(table, row, slopes, p) * (g_i * load(y, there) + g_j * y_i)
                    put(by_distance, p, item(by_distance, p) + total(crossed))
                store(m, here, m_i)


@compiled
@no_type_check
def convolve_back(by_m, y, table, near, by_y, by_table, start, stop):
    """The adjoint of `convolve`."""
    starts, partners, rows, values, _ = near
    size, n = y.shape[1], starts.shape[1] - 1
    for b in range(start, stop):
        base = (b - start) * n
        for f in range(0, size, WIDTH):
            for i in range(n):
                here = (base + i) * size + f
                m_i, y_i, by_y_i = load(by_m, here), load(y, here), load(by_y, here)
                first, last = _pairs_of(starts, partners, b, i)
                for p in range(first, last):
                    there, row = (base + item(partners, p)) * size + f, item(rows, p) * size + f
                    m_j = load(by_m, there)
                    w = _spline(table, row, values, p)
                    by_y_i += w * m_j
                    _increase(by_y, there, w * m_i)
                    by_w = m_i * load(y, there) + m_j * y_i
                    for k in range(4):
                        _increase(by_table, row + k * size, splat(item(values, 4 * p + k)) * by_w)
                store(by_y, here, by_y_i)


@compiled
@no_type_check
def convolve_and_slope_back(by_m, by_distance, g, y, table, near, by_g, by_y, by_table, start, stop):
    """The adjoint of `convolve_and_slope`."""
    starts, partners, rows, values, slopes = near
    size, n = y.shape[1], starts.shape[1] - 1
    for b in range(start, stop):
        base = (b - start) * n
        for f in range(0, size, WIDTH):
            for i in range(n):
                here = (base + i) * size + f
                m_i, g_i, y_i = load(by_m, here), load(g, here), load(y, here)
                by_g_i, by_y_i = load(by_g, here), load(by_y, here)
                first, last = _pairs_of(starts, partners, b, i)
                for p in range(first, last):
                    there, row = (base + item(partners, p)) * size + f, item(rows, p) * size + f
                    m_j, g_j, y_j = load(by_m, there), load(g, there), load(y, there)
                    weight = splat(item(by_distance, p))
                    w, s = _spline(table, row, values, p), weight * _spline(table, row, slopes, p)
                    by_g_i += w * m_j + s * y_j
                    _increase(by_g, there, w * m_i + s * y_i)
                    by_y_i += s * g_j
                    _increase(by_y, there, s * g_i)
                    by_w, by_s = m_i * g_j + m_j * g_i, weight * (g_i * y_j + g_j * y_i)
                    for k in range(4):
                        value, slope = splat(item(values, 4 * p + k)), splat(item(slopes, 4 * p + k))
                        _increase(by_table, row + k * size, value * by_w + slope * by_s)
                store(by_g, here, by_g_i)
                store(by_y, here, by_y_i)
