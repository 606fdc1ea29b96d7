"""The network's sweeps over a few frames: energies and forces, and back to the gradient by the parameters.

The formulas are those of schnet.py; here each is next to its adjoint. Rows are frames x atoms. What the sweep back needs
is kept in `work`, one layer after the other. Frames are independent of each other, so each thread can take a few of them through
all layers, with sums of its own for the gradient.

forward     y = x A ,  m = W * y ,  h = m U + b ,  x ← x + ssp(h) V + c ;  E = Σ ssp(x R + d) · o
reverse     p = g Vᵀ ,  q = p ∘ σ(h) ,  t = q Uᵀ ,  g ← g + (W * t) Aᵀ ;  dE/dr = Σ_layers t · (W' * y)
back        the adjoint of reverse, layers upwards, then that of forward, layers downwards
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
from supple.models.neural.schnet.compiled.pairs import (
    convolve,
    convolve_and_slope,
    convolve_and_slope_back,
    convolve_back,
    measure,
    pairs_of,
)

#: The arrays of a layer, in this order: x, y, m, ssp(h), σ(h), p, q, t, W * t, the incoming g, and for the backward sweep the
#: adjoints of h and of y. The readout uses the places after the last layer for x and its activations; the others are free there.
KINDS = 12
X, _ACTIVATED, _LOGISTIC, _G, _BY_H, _BY_Y = 0, 3, 4, 9, 10, 11
_FREE = (5, 6, 7)
_ZERO, _ONE = np.float32(0), np.float32(1)


@part
@no_type_check
def _kept(work, k, low, high):
    """The arrays of layer k, for the rows from low to high."""
    return (
        work[0, k, low:high], work[1, k, low:high], work[2, k, low:high], work[3, k, low:high], work[4, k, low:high],
        work[5, k, low:high], work[6, k, low:high], work[7, k, low:high], work[8, k, low:high], work[9, k, low:high],
    )  # fmt: skip


@compiled
@no_type_check
def predict(positions, grid, elements, table, parameters, transposed, geometry, work, energies, forces, start, stop):
    """Energies (B,) and forces (B, N, 3) of the geometries from start to stop; `transposed` holds the transposed parameters."""
    pair_list, displacements, distances, by_distance = geometry
    n = len(elements)
    measure(positions, grid, table.shape[1], pair_list, displacements, distances, energies, start, stop)
    first, second, low, high = pairs_of(pair_list, start)
    by_distance[low:high] = _ZERO
    for b in range(start, stop):
        forces[b] = _ZERO if np.isfinite(energies[b]) else np.float32(np.nan)
    _forward(elements, table, parameters, transposed, pair_list, work, energies, start, stop)
    _reverse(n, table, transposed, pair_list, by_distance, work, start, stop)
    for p in range(low, high):
        size = by_distance[p] / distances[p]
        i, j = first[p], second[p]
        b, i, j = start + i // n, i % n, j % n
        for c in range(3):
            forces[b, i, c] -= size * displacements[p, c]
            forces[b, j, c] += size * displacements[p, c]


@part
@no_type_check
def _forward(elements, table, parameters, transposed, pair_list, work, energies, start, stop):
    embedding, mix, update_in, update_in_bias, update_out, update_out_bias, readout_in, readout_bias, readout_out = (
        parameters
    )
    _, _, _, readout_transposed = transposed
    n, layers, half = len(elements), len(mix), len(readout_in)
    low, high = start * n, stop * n
    for r in range(low, high):
        work[X, 0, r] = embedding[elements[r % n]]
    for k in range(layers):
        x, y, m, a, s, h, _, _, _, _ = _kept(work, k, low, high)  # h is overwritten by p later
        y[:] = _ZERO
        add_product(y, x, mix[k])
        m[:] = _ZERO
        convolve(y, table[k], pair_list, m, start)
        set_rows(h, update_in_bias[k])
        add_product(h, m, update_in[k])
        activate(h, a, s)
        after = work[X, k + 1, low:high]
        set_rows(after, update_out_bias[k])
        after += x
        add_product(after, a, update_out[k])

    h = np.empty((high - low, half), np.float32)
    hidden, slope = np.empty_like(h), np.empty_like(h)
    set_rows(h, readout_bias)
    add_product(h, work[X, layers, low:high], readout_transposed)
    activate(h, hidden, slope)
    for r in range(high - low):
        total = _ZERO
        for f in range(half):
            total += hidden[r, f] * readout_out[0, f]
            work[_ACTIVATED, layers, low + r, f] = hidden[r, f]
            work[_LOGISTIC, layers, low + r, f] = slope[r, f]
            slope[r, f] *= readout_out[0, f]
        energies[start + r // n] += total
    g = work[_G, layers - 1, low:high]
    g[:] = _ZERO
    add_product(g, slope, readout_in)


@part
@no_type_check
def _reverse(n, table, transposed, pair_list, by_distance, work, start, stop):
    mix, update_in, update_out, _ = transposed
    low, high = start * n, stop * n
    for k in range(len(mix) - 1, -1, -1):
        _, y, _, _, s, p, q, t, z, g = _kept(work, k, low, high)
        p[:] = _ZERO
        add_product(p, g, update_out[k])
        q[:] = p
        scale(q, s)
        t[:] = _ZERO
        add_product(t, q, update_in[k])
        z[:] = _ZERO
        convolve_and_slope(t, y, table[k], pair_list, z, by_distance, start)
        if k > 0:  # the embedding does not move with the atoms
            below = work[_G, k - 1, low:high]
            below[:] = g
            add_product(below, z, mix[k])


@compiled
@no_type_check
def gradient(
    by_energies, by_forces, elements, table, parameters, transposed, geometry, work, by_table, gradients, start, stop
):
    """Add the gradient by table and parameters of a function of the energies and forces of those geometries."""
    pair_list, displacements, distances, by_distance = geometry
    _, mix, _, _, _, _, _, _, _ = parameters
    n, layers = len(elements), len(mix)
    first, second, low, high = pairs_of(pair_list, start)
    for p in range(low, high):
        i, j = first[p], second[p]
        b, i, j = start + i // n, i % n, j % n
        total = 0.0
        for c in range(3):
            total += (by_forces[b, j, c] - by_forces[b, i, c]) * displacements[p, c]
        by_distance[p] = total / distances[p]
    low, high = start * n, stop * n
    by_g, a, b = work[_FREE[0], layers, low:high], work[_FREE[1], layers, low:high], work[_FREE[2], layers, low:high]
    _reverse_back(n, table, parameters, pair_list, by_distance, work, by_table, gradients, by_g, a, b, start, stop)
    _forward_back(
        elements, table, parameters, transposed, pair_list, work, by_table, gradients, by_g, a, by_energies, start, stop
    )


@part
@no_type_check
def _reverse_back(n, table, parameters, pair_list, by_distance, work, by_table, gradients, by_g, a, b, start, stop):
    """The adjoint of `_reverse`: by_g at its beginning, and the parts of by_h and by_y that come from the forces.

    Overwrites a and b.
    """
    _, mix, update_in, _, update_out, _, _, _, _ = parameters
    _, by_mix, by_in, _, by_out, _, _, _, _ = gradients
    low, high = start * n, stop * n
    by_g[:] = _ZERO
    for k in range(len(mix)):
        _, y, _, _, s, p, q, t, z, g = _kept(work, k, low, high)
        by_h, by_y = work[_BY_H, k, low:high], work[_BY_Y, k, low:high]
        a[:] = _ZERO  # adjoint of z
        if k > 0:
            add_product(a, by_g, mix[k])
            add_product_of_transposed(by_mix[k], by_g, z)
        b[:] = _ZERO  # adjoint of t
        by_y[:] = _ZERO
        convolve_and_slope_back(a, by_distance, t, y, table[k], pair_list, b, by_y, by_table[k], start)
        add_product_of_transposed(by_in[k], b, q)
        a[:] = _ZERO  # adjoint of q, then of p
        add_product(a, b, update_in[k])
        for r in range(len(a)):
            for f in range(a.shape[1]):
                logistic = s[r, f]
                by_h[r, f] = a[r, f] * p[r, f] * logistic * (_ONE - logistic)
                a[r, f] *= logistic
        add_product(by_g, a, update_out[k])
        add_product_of_transposed(by_out[k], a, g)


@part
@no_type_check
def _forward_back(
    elements, table, parameters, transposed, pair_list, work, by_table, gradients, by_g, a, by_energies, start, stop
):
    """The adjoint of `_forward`, added to what comes from the forces. Overwrites a."""
    mix, update_in, update_out, readout_transposed = transposed
    _, _, _, _, _, _, readout_in, _, readout_out = parameters
    by_embedding, by_mix, by_in, by_in_bias, by_out, by_out_bias, by_readout, by_readout_bias, by_readout_out = (
        gradients
    )
    n, layers, half = len(elements), len(mix), len(readout_in)
    low, high = start * n, stop * n

    hidden, slope = np.empty((len(a), half), np.float32), np.empty((len(a), half), np.float32)
    by_slope = np.zeros_like(hidden)
    add_product(by_slope, by_g, readout_transposed)
    for r in range(len(a)):
        by_energy = by_energies[start + r // n]
        for f in range(half):
            activated, logistic = work[_ACTIVATED, layers, low + r, f], work[_LOGISTIC, layers, low + r, f]
            slope[r, f] = logistic * readout_out[0, f]
            by_readout_out[0, f] += by_slope[r, f] * logistic + by_energy * activated
            hidden[r, f] = readout_out[0, f] * logistic * (by_slope[r, f] * (_ONE - logistic) + by_energy)
    add_product_of_transposed(by_readout, slope, by_g)
    add_product_of_transposed(by_readout, hidden, work[X, layers, low:high])
    add_sum(by_readout_bias, hidden)
    by_x = by_g
    by_x[:] = _ZERO
    add_product(by_x, hidden, readout_in)

    for k in range(layers - 1, -1, -1):
        x, y, m, activated, s, _, _, _, _, _ = _kept(work, k, low, high)
        add_sum(by_out_bias[k], by_x)
        add_product_of_transposed(by_out[k], activated, by_x)
        a[:] = _ZERO
        add_product(a, by_x, update_out[k])
        h, by_y = work[_BY_H, k, low:high], work[_BY_Y, k, low:high]
        scale(a, s)
        h += a
        add_sum(by_in_bias[k], h)
        add_product_of_transposed(by_in[k], m, h)
        a[:] = _ZERO  # adjoint of m
        add_product(a, h, update_in[k])
        convolve_back(a, y, table[k], pair_list, by_y, by_table[k], start)
        add_product_of_transposed(by_mix[k], x, by_y)
        add_product(by_x, by_y, mix[k])
    for r in range(len(a)):
        by_element, row = by_embedding[elements[r % n]], by_x[r]
        for f in range(len(row)):
            by_element[f] += row[f]
