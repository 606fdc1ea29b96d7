"""Sums over the pairs of atoms: the continuous-filter convolution, its derivative by the distances, and their adjoints.

Each pair of atoms within the cutoff is listed once, for each frame. Filters are computed from rows of the table wherever they are
needed. The pairs of a thread's frames are sorted by distance, so that those which need the same rows form a run: the rows are
loaded once, and their gradients stored once, per run. The features of the atoms stay in the L1 cache, as loops take WIDTH
features at a time. `pair_list` holds the pairs (with E places per frame):

    first, second   atoms, as rows of y                                                        (B E)
    values          the spline's weights of the rows for the filter W                          (B E, 4)
    slopes          the same for its derivative by the distance, W'                            (B E, 4)
    rows, ends      of each run, the first of its rows of the table and the end of its pairs   (B E)
    counts          of the frames from b on: pairs, runs                                       (B, 2)

    convolve               m_i = Σ_j W_ij ∘ y_j
    convolve_and_slope     the same of g, and D_p = Σ_f W'_ij ∘ (g_i ∘ y_j + g_j ∘ y_i)
    ..._back               their adjoints, by y, g and the table

y, g and m hold the rows of the frames from `start` on, as the lists do; the table has as many columns.
"""

from __future__ import annotations

import math
from typing import no_type_check

import numpy as np

from supple.models.neural.compiled import WIDTH
from supple.models.neural.schnet.compiled.jit import inlined, part
from supple.runtime.jit.vectors import item, load, put, splat, store, total

_ZERO = np.float32(0)


@part
@no_type_check
def measure(positions, grid, n_rows, pair_list, displacements, distances, energies, start, stop):
    """List the pairs of the frames from start to stop, with r_i - r_j and its length, and the spline's weights as in radial_filters.py.

    In double precision. The energy of a frame with NaN or infinite positions becomes NaN, that of others zero.
    """
    first, second, _, _, rows, ends, counts = pair_list
    cutoff, spacing, pad = grid
    n = positions.shape[1]
    room = (stop - start) * (n * (n - 1) // 2)
    pair_of, row_of, length = np.empty((room, 2), np.int64), np.empty(room, np.int64), np.empty(room)
    places = np.zeros(n_rows + 1, np.int64)
    found = 0
    for b in range(start, stop):
        energies[b] = _ZERO
        base = (b - start) * n
        for i in range(n):
            for j in range(i):
                square = 0.0
                for c in range(3):
                    d = positions[b, i, c] - positions[b, j, c]
                    square += d * d
                r = math.sqrt(square)
                if r < cutoff:
                    row = int(r / spacing) + pad - 2
                    pair_of[found, 0], pair_of[found, 1] = base + i, base + j
                    row_of[found], length[found] = row, r
                    places[row + 1] += 1
                    found += 1
                elif not r < np.inf:
                    energies[b] = np.float32(np.nan)
    at = start * (n * (n - 1) // 2)
    runs = 0
    for row in range(n_rows):
        if places[row + 1] > 0:
            rows[at + runs], ends[at + runs] = row, at + places[row] + places[row + 1]
            runs += 1
        places[row + 1] += places[row]
    counts[start, 0], counts[start, 1] = found, runs
    for k in range(found):
        row, r = row_of[k], length[k]
        p = at + places[row]
        places[row] += 1
        i, j = pair_of[k]
        first[p], second[p], distances[p] = i, j, r
        for c in range(3):
            displacements[p, c] = positions[start + i // n, i % n, c] - positions[start + j // n, j % n, c]
        _weigh(pair_list, p, r / spacing - int(r / spacing), r, cutoff, spacing)


@part
@no_type_check
def pairs_of(pair_list, start):
    """The atoms of all pairs, and the places of the frames from `start` on: from, to."""
    first, second, _, _, _, _, counts = pair_list
    low = start * (len(first) // len(counts))
    return first, second, low, low + counts[start, 0]


@inlined
@no_type_check
def _weigh(pair_list, p, u, r, cutoff, spacing):
    """The spline's weights of pair p, at u (0 to 1) between two knots."""
    _, _, values, slopes, _, _, _ = pair_list
    v = 1 - u
    # f_c = ½ (cos(π r / r_c) + 1) = cos² ½ π r / r_c
    half = math.cos(0.5 * math.pi / cutoff * r)
    cut = half * half
    falling = -math.pi / cutoff * half * math.sqrt(1 - cut)
    spline = (v**3 / 6, 0.5 * u**3 - u**2 + 4 / 6, 0.5 * v**3 - v**2 + 4 / 6, u**3 / 6)
    slope = (-(v**2), 3 * u**2 - 4 * u, 4 * v - 3 * v**2, u**2)
    for k in range(4):
        values[p, k] = spline[k] * cut
        slopes[p, k] = slope[k] / (2 * spacing) * cut + spline[k] * falling


@inlined
@no_type_check
def _mix(weights, p, one, two, three, four):
    """Columns of a filter: the weighted sum of four rows."""
    p = 4 * p
    return (
        splat(item(weights, p)) * one
        + splat(item(weights, p + 1)) * two
        + splat(item(weights, p + 2)) * three
        + splat(item(weights, p + 3)) * four
    )


@inlined
@no_type_check
def _increase(array, place, by):
    store(array, place, load(array, place) + by)


@part
@no_type_check
def convolve(y, table, pair_list, m, start):
    """M += the convolution of y."""
    first, second, values, _, rows, ends, counts = pair_list
    size = y.shape[1]
    at = start * (len(first) // len(counts))
    for f in range(0, size, WIDTH):
        begin = at
        for run in range(at, at + counts[start, 1]):
            row = item(rows, run) * size + f
            t0, t1, t2, t3 = (
                load(table, row), load(table, row + size), load(table, row + 2 * size), load(table, row + 3 * size),
            )  # fmt: skip
            for p in range(begin, item(ends, run)):
                i, j = item(first, p) * size + f, item(second, p) * size + f
                w = _mix(values, p, t0, t1, t2, t3)
                _increase(m, i, w * load(y, j))
                _increase(m, j, w * load(y, i))
            begin = item(ends, run)


@part
@no_type_check
def convolve_and_slope(g, y, table, pair_list, m, by_distance, start):
    """M += the convolution of g; by_distance += the derivative of g · convolution of y by the distances."""
    first, second, values, slopes, rows, ends, counts = pair_list
    size = y.shape[1]
    at = start * (len(first) // len(counts))
    for f in range(0, size, WIDTH):
        begin = at
        for run in range(at, at + counts[start, 1]):
            row = item(rows, run) * size + f
            t0, t1, t2, t3 = (
                load(table, row), load(table, row + size), load(table, row + 2 * size), load(table, row + 3 * size),
            )  # fmt: skip
            for p in range(begin, item(ends, run)):
                i, j = item(first, p) * size + f, item(second, p) * size + f
                g_i, g_j = load(g, i), load(g, j)
                w = _mix(values, p, t0, t1, t2, t3)
                _increase(m, i, w * g_j)
                _increase(m, j, w * g_i)
                crossed = _mix(slopes, p, t0, t1, t2, t3) * (g_i * load(y, j) + g_j * load(y, i))
                put(by_distance, p, item(by_distance, p) + total(crossed))
            begin = item(ends, run)


@part
@no_type_check
def convolve_back(by_m, y, table, pair_list, by_y, by_table, start):
    """The adjoint of `convolve`."""
    first, second, values, _, rows, ends, counts = pair_list
    size = y.shape[1]
    at = start * (len(first) // len(counts))
    for f in range(0, size, WIDTH):
        begin = at
        for run in range(at, at + counts[start, 1]):
            row = item(rows, run) * size + f
            t0, t1, t2, t3 = (
                load(table, row), load(table, row + size), load(table, row + 2 * size), load(table, row + 3 * size),
            )  # fmt: skip
            b0, b1, b2, b3 = splat(_ZERO), splat(_ZERO), splat(_ZERO), splat(_ZERO)
            for p in range(begin, item(ends, run)):
                i, j = item(first, p) * size + f, item(second, p) * size + f
                m_i, m_j = load(by_m, i), load(by_m, j)
                w = _mix(values, p, t0, t1, t2, t3)
                _increase(by_y, i, w * m_j)
                _increase(by_y, j, w * m_i)
                by_w = m_i * load(y, j) + m_j * load(y, i)
                b0 += splat(item(values, 4 * p)) * by_w
                b1 += splat(item(values, 4 * p + 1)) * by_w
                b2 += splat(item(values, 4 * p + 2)) * by_w
                b3 += splat(item(values, 4 * p + 3)) * by_w
            begin = item(ends, run)
            _increase(by_table, row, b0)
            _increase(by_table, row + size, b1)
            _increase(by_table, row + 2 * size, b2)
            _increase(by_table, row + 3 * size, b3)


@part
@no_type_check
def convolve_and_slope_back(by_m, by_distance, g, y, table, pair_list, by_g, by_y, by_table, start):
    """The adjoint of `convolve_and_slope`."""
    first, second, values, slopes, rows, ends, counts = pair_list
    size = y.shape[1]
    at = start * (len(first) // len(counts))
    for f in range(0, size, WIDTH):
        begin = at
        for run in range(at, at + counts[start, 1]):
            row = item(rows, run) * size + f
            t0, t1, t2, t3 = (
                load(table, row), load(table, row + size), load(table, row + 2 * size), load(table, row + 3 * size),
            )  # fmt: skip
            b0, b1, b2, b3 = splat(_ZERO), splat(_ZERO), splat(_ZERO), splat(_ZERO)
            for p in range(begin, item(ends, run)):
                i, j = item(first, p) * size + f, item(second, p) * size + f
                m_i, m_j = load(by_m, i), load(by_m, j)
                g_i, g_j, y_i, y_j = load(g, i), load(g, j), load(y, i), load(y, j)
                weight = splat(item(by_distance, p))
                w, s = _mix(values, p, t0, t1, t2, t3), weight * _mix(slopes, p, t0, t1, t2, t3)
                _increase(by_g, i, w * m_j + s * y_j)
                _increase(by_g, j, w * m_i + s * y_i)
                _increase(by_y, i, s * g_j)
                _increase(by_y, j, s * g_i)
                by_w, by_s = m_i * g_j + m_j * g_i, weight * (g_i * y_j + g_j * y_i)
                b0 += splat(item(values, 4 * p)) * by_w + splat(item(slopes, 4 * p)) * by_s
                b1 += splat(item(values, 4 * p + 1)) * by_w + splat(item(slopes, 4 * p + 1)) * by_s
                b2 += splat(item(values, 4 * p + 2)) * by_w + splat(item(slopes, 4 * p + 2)) * by_s
                b3 += splat(item(values, 4 * p + 3)) * by_w + splat(item(slopes, 4 * p + 3)) * by_s
            begin = item(ends, run)
            _increase(by_table, row, b0)
            _increase(by_table, row + size, b1)
            _increase(by_table, row + 2 * size, b2)
            _increase(by_table, row + 3 * size, b3)
