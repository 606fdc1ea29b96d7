"""The network's sweeps over a few frames: energies and forces, and back to the gradient by the parameters.

The formulas are those of schnet.py; here each stands beside its adjoint. Rows are frames x atoms. What the sweep back needs
is kept in `work`, one layer after the other. Frames do not know of each other, so each thread can take a few of them through
all layers, with sums of its own for the gradient.

forward     y = x A ,  m = W * y ,  h = m U + b ,  x ← x + ssp(h) V + c ;  E = Σ ssp(x R + d) · o
reverse     p = g Vᵀ ,  q = p ∘ σ(h) ,  t = q Uᵀ ,  g ← g + (W * t) Aᵀ ;  dE/dr = Σ_layers t · (W' * y)
back        the adjoint of reverse, layers upwards, then that of forward, layers downwards
"""

from __future__ import annotations

from typing import no_type_check

import numba
import numpy as np

from supple.neural.compiled.pairs import (
    convolve,
    convolve_and_slope,
    convolve_and_slope_back,
    convolve_back,
    measure,
)
from supple.neural.compiled.products import OPTIONS, activate, add_sum, scale, set_rows

#: What a layer keeps, in this order: x, y, m, ssp(h), σ(h), p, q, t, W * t, and the g that comes down to it.
KINDS = 10
_X, _ACTIVATED, _LOGISTIC, _G = 0, 3, 4, 9
_ZERO, _ONE = np.float32(0), np.float32(1)


@numba.njit(**OPTIONS)
@no_type_check
def _kept(work, k, low, high):
    """The arrays of layer k, for the rows from low to high."""
    return (
        work[0, k, low:high], work[1, k, low:high], work[2, k, low:high], work[3, k, low:high], work[4, k, low:high],
        work[5, k, low:high], work[6, k, low:high], work[7, k, low:high], work[8, k, low:high], work[9, k, low:high],
    )  # fmt: skip


@numba.njit(**OPTIONS)
@no_type_check
def predict(positions, grid, atoms, table, parameters, geometry, work, energies, forces, start, stop):
    """Energies (B,) and forces (B, N, 3) of the geometries from start to stop."""
    cutoff, spacing, pad = grid
    elements, first, second = atoms
    apart, distances, rows, values, slopes, by_distance = geometry
    for b in range(start, stop):
        finite = measure(
            positions[b], first, second, cutoff, spacing, pad, apart[b], distances[b], rows[b], values[b], slopes[b]
        )
        energies[b] = _ZERO if finite else np.float32(np.nan)
        by_distance[b] = _ZERO
    _forward(elements, (first, second), table, parameters, values, rows, work, energies, start, stop)
    _reverse(len(elements), (first, second), table, parameters, geometry, work, start, stop)
    for b in range(start, stop):
        forces[b] = _ZERO
        for p in range(len(first)):
            size = by_distance[b, p] / distances[b, p]
            for c in range(3):
                forces[b, first[p], c] -= size * apart[b, p, c]
                forces[b, second[p], c] += size * apart[b, p, c]


@numba.njit(**OPTIONS)
@no_type_check
def _forward(elements, pairs, table, parameters, values, rows, work, energies, start, stop):
    embedding, mix, update_in, update_in_bias, update_out, update_out_bias, readout_in, readout_bias, readout_out = (
        parameters
    )
    n, layers, half = len(elements), len(mix), len(readout_in)
    low, high = start * n, stop * n
    w = np.empty(mix.shape[1], np.float32)
    for r in range(low, high):
        work[_X, 0, r] = embedding[elements[r % n]]
    for k in range(layers):
        x, y, m, a, s, _, _, _, _, _ = _kept(work, k, low, high)
        np.dot(x, mix[k], y)
        m[:] = _ZERO
        for b in range(start, stop):
            frame = slice((b - start) * n, (b - start + 1) * n)
            convolve(y[frame], table[k], pairs, values[b], rows[b], m[frame], w)
        set_rows(a, update_in_bias[k])
        a += np.dot(m, update_in[k])
        activate(a, a, s)
        after = work[_X, k + 1, low:high]
        set_rows(after, update_out_bias[k])
        after += x
        after += np.dot(a, update_out[k])

    hidden = np.empty((high - low, half), np.float32)
    slope = np.empty_like(hidden)
    set_rows(hidden, readout_bias)
    hidden += np.dot(work[_X, layers, low:high], readout_in.T)
    activate(hidden, hidden, slope)
    for r in range(high - low):
        total = _ZERO
        for f in range(half):
            total += hidden[r, f] * readout_out[0, f]
            work[_ACTIVATED, layers, low + r, f] = hidden[r, f]
            work[_LOGISTIC, layers, low + r, f] = slope[r, f]
            slope[r, f] *= readout_out[0, f]
        energies[start + r // n] += total
    np.dot(slope, readout_in, work[_G, layers - 1, low:high])


@numba.njit(**OPTIONS)
@no_type_check
def _reverse(n, pairs, table, parameters, geometry, work, start, stop):
    _, mix, update_in, _, update_out, _, _, _, _ = parameters
    _, _, rows, values, slopes, by_distance = geometry
    low, high = start * n, stop * n
    w = np.empty(mix.shape[1], np.float32)
    for k in range(len(mix) - 1, -1, -1):
        _, y, _, _, s, p, q, t, z, g = _kept(work, k, low, high)
        np.dot(g, update_out[k].T, p)
        q[:] = p
        scale(q, s)
        np.dot(q, update_in[k].T, t)
        z[:] = _ZERO
        for b in range(start, stop):
            frame = slice((b - start) * n, (b - start + 1) * n)
            convolve_and_slope(
                t[frame], y[frame], table[k], pairs, values[b], slopes[b], rows[b], z[frame], by_distance[b], w
            )
        if k > 0:  # the embedding does not move with the atoms
            below = work[_G, k - 1, low:high]
            below[:] = g
            below += np.dot(z, mix[k].T)


@numba.njit(**OPTIONS)
@no_type_check
def gradient(by_energies, by_forces, atoms, table, parameters, geometry, work, by_table, gradients, start, stop):
    """Add the gradient by table and parameters of a function of the energies and forces of those geometries."""
    elements, first, second = atoms
    apart, distances, _, _, _, by_distance = geometry
    _, mix, _, _, _, _, _, _, _ = parameters
    size = (stop - start) * len(elements)
    for frame in range(start, stop):
        by_force = by_forces[frame]
        for p in range(len(first)):
            total = _ZERO
            for c in range(3):
                total += (by_force[second[p], c] - by_force[first[p], c]) * apart[frame, p, c]
            by_distance[frame, p] = total / distances[frame, p]
    by_h = np.empty((len(mix), size, mix.shape[1]), np.float32)
    by_y = np.zeros_like(by_h)
    by_g = np.zeros((size, mix.shape[1]), np.float32)
    pairs = (first, second)
    _reverse_back(
        len(elements), pairs, table, parameters, geometry, work, by_table, gradients, by_g, by_h, by_y, start, stop
    )
    _forward_back(
        elements, pairs, table, parameters, geometry, work, by_table, gradients, by_g, by_h, by_y, by_energies,
        start, stop,
    )  # fmt: skip


@numba.njit(**OPTIONS)
@no_type_check
def _reverse_back(n, pairs, table, parameters, geometry, work, by_table, gradients, by_g, by_h, by_y, start, stop):
    """The adjoint of `_reverse`: by_g at its beginning, and the parts of by_h and by_y that come through the forces."""
    _, mix, update_in, _, update_out, _, _, _, _ = parameters
    _, by_mix, by_in, _, by_out, _, _, _, _ = gradients
    _, _, rows, values, slopes, by_distance = geometry
    a, b = np.empty_like(by_g), np.empty_like(by_g)
    w, v = np.empty(a.shape[1], np.float32), np.empty(a.shape[1], np.float32)
    for k in range(len(mix)):
        _, y, _, _, s, p, q, t, z, g = _kept(work, k, start * n, stop * n)
        a[:] = _ZERO  # adjoint of z
        if k > 0:
            np.dot(by_g, mix[k], a)
            by_mix[k] += np.dot(by_g.T, z)
        b[:] = _ZERO  # adjoint of t
        for frame in range(start, stop):
            part = slice((frame - start) * n, (frame - start + 1) * n)
            convolve_and_slope_back(
                a[part], by_distance[frame], t[part], y[part], table[k], pairs, values[frame], slopes[frame],
                rows[frame], b[part], by_y[k, part], by_table[k], w, v,
            )  # fmt: skip
        by_in[k] += np.dot(b.T, q)
        np.dot(b, update_in[k], a)  # adjoint of q, then of p
        for r in range(len(a)):
            for f in range(a.shape[1]):
                logistic = s[r, f]
                by_h[k, r, f] = a[r, f] * p[r, f] * logistic * (_ONE - logistic)
                a[r, f] *= logistic
        by_g += np.dot(a, update_out[k])
        by_out[k] += np.dot(a.T, g)


@numba.njit(**OPTIONS)
@no_type_check
def _forward_back(
    elements, pairs, table, parameters, geometry, work, by_table, gradients, by_g, by_h, by_y, by_energies, start, stop
):
    """The adjoint of `_forward`, with what has come through the forces already."""
    _, mix, update_in, _, update_out, _, readout_in, _, readout_out = parameters
    by_embedding, by_mix, by_in, by_in_bias, by_out, by_out_bias, by_readout, by_readout_bias, by_readout_out = (
        gradients
    )
    _, _, rows, values, _, _ = geometry
    n, layers, half = len(elements), len(mix), len(readout_in)
    low, high = start * n, stop * n
    a = np.empty_like(by_g)
    w = np.empty(a.shape[1], np.float32)

    hidden, slope = np.empty((len(a), half), np.float32), np.empty((len(a), half), np.float32)
    by_slope = np.dot(by_g, readout_in.T)
    for r in range(len(a)):
        by_energy = by_energies[start + r // n]
        for f in range(half):
            activated, logistic = work[_ACTIVATED, layers, low + r, f], work[_LOGISTIC, layers, low + r, f]
            slope[r, f] = logistic * readout_out[0, f]
            by_readout_out[0, f] += by_slope[r, f] * logistic + by_energy * activated
            hidden[r, f] = readout_out[0, f] * logistic * (by_slope[r, f] * (_ONE - logistic) + by_energy)
    by_readout += np.dot(slope.T, by_g)
    by_readout += np.dot(hidden.T, work[_X, layers, low:high])
    add_sum(by_readout_bias, hidden)
    by_x = by_g
    np.dot(hidden, readout_in, by_x)

    for k in range(layers - 1, -1, -1):
        x, y, m, activated, s, _, _, _, _, _ = _kept(work, k, low, high)
        add_sum(by_out_bias[k], by_x)
        by_out[k] += np.dot(activated.T, by_x)
        np.dot(by_x, update_out[k].T, a)
        h = by_h[k]
        scale(a, s)
        h += a
        add_sum(by_in_bias[k], h)
        by_in[k] += np.dot(m.T, h)
        np.dot(h, update_in[k].T, a)  # adjoint of m
        for frame in range(start, stop):
            part = slice((frame - start) * n, (frame - start + 1) * n)
            convolve_back(a[part], y[part], table[k], pairs, values[frame], rows[frame], by_y[k, part], by_table[k], w)
        by_mix[k] += np.dot(x.T, by_y[k])
        by_x += np.dot(by_y[k], mix[k].T)
    for r in range(len(a)):
        by_element, row = by_embedding[elements[r % n]], by_x[r]
        for f in range(len(row)):
            by_element[f] += row[f]
