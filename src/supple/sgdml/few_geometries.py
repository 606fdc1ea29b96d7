"""One geometry, or a few at a time, as dynamics ask for them: the whole prediction as one compiled loop over the training frames.

For a few geometries the matrix products of kernel_sum.py are as thin as their R cosets, each training array is read from memory
twice, and what costs most is the number of operations. Here a block of training frames is read once, met with the queries of
all geometries while it lies in the nearest cache, and left; formulas and names are those of kernel_sum.py. What comes of a
geometry does not depend on those beside it, to the bit.

Compiled by Numba, in double precision; the geometries are shared out among threads.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any, no_type_check

import numba
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from supple.sgdml.descriptors.compiled import describe, pull_back
from supple.sgdml.kernel_sum import KernelSum
from supple.threads import in_parts

#: Geometries that a thread is worth its while for.
_WORTH_A_THREAD = 4

#: Training frames that are met together: their exponentials are one vector operation.
_BLOCK = 8
#: Entries of a character are padded with zeros to a multiple of this: loops over vector registers without a remainder.
_PAD = 8
_LOG2E, _LN2 = math.log2(math.e), math.log(2)
#: 2^-k.
_POWERS = 2.0 ** -np.arange(1075.0)


class FewGeometries:
    """e and its gradient for a few geometries: `KernelSum` and descriptor in one.

    Args:
        kernel_sum: the sum.
        entries: of the descriptor, as `compiled_entries` gives them.
        centre: of the descriptors.
    """

    def __init__(self, kernel_sum: KernelSum, entries: tuple[Any, ...], centre: Float[Tensor, "D"]) -> None:
        group = kernel_sum.group
        m = len(kernel_sum.bias) // 2
        rows = np.concatenate([block.T.numpy() for block in kernel_sum.targets], axis=1)  # (2M, D)
        starts = np.cumsum([0, *(-(-size // _PAD) * _PAD for size in group.sizes)])
        # Where each basis vector lies among the padded ones.
        places = np.concatenate([start + np.arange(n) for start, n in zip(starts[:-1], group.sizes, strict=True)])
        training = np.zeros((2, -(-m // _BLOCK) * _BLOCK, starts[-1]))
        bias = np.zeros(training.shape[:2])
        w = np.zeros(training.shape[1])
        for kind in range(2):
            training[kind, :m, places] = rows[kind * m : (kind + 1) * m].T
            bias[kind, :m] = kernel_sum.bias[kind * m : (kind + 1) * m].numpy()
        if kernel_sum.w is not None:
            w[:m] = kernel_sum.w.numpy()
        lifted_places = (np.arange(group.n_cosets)[:, None] * starts[-1] + places).ravel()
        self._entries = entries
        self._training = (training[0], training[1], bias, w, starts, _POWERS)
        self._geometry = (
            centre.numpy(), kernel_sum.scale, lifted_places,
            group.lift_index.numpy(), group.lift_weight.numpy(), group.lower_index.numpy(), group.lower_weight.numpy(),
        )  # fmt: skip

    def __call__(
        self, positions: Float[np.ndarray, "B N 3"]
    ) -> tuple[Float[np.ndarray, "B"], Float[np.ndarray, "B N 3"]]:
        """e, and its gradient by the positions."""
        energies, gradients = np.empty(len(positions)), np.empty(positions.shape)
        parts = max(1, min(torch.get_num_threads(), len(positions) // _WORTH_A_THREAD))
        in_parts(partial(self._part, parts, positions, energies, gradients), parts)
        return energies, gradients

    def _part(
        self,
        parts: int,
        positions: Float[np.ndarray, "B N 3"],
        energies: Float[np.ndarray, "B"],
        gradients: Float[np.ndarray, "B N 3"],
        k: int,
    ) -> None:
        """Part k of the geometries."""
        mine = slice(k * len(positions) // parts, (k + 1) * len(positions) // parts)
        _few(positions[mine], self._entries, self._geometry, self._training, energies[mine], gradients[mine])


@numba.njit(fastmath=True, nogil=True, cache=True, error_model="numpy")
@no_type_check
def _few(positions, entries, geometry, training, energies, gradients):
    centre, scale, places, lift_index, lift_weight, lower_index, lower_weight = geometry
    width = training[4][-1]
    queries = np.zeros((len(positions), len(places) // len(centre) * width))
    descriptors = np.empty((len(positions), len(centre)))
    for b in range(len(positions)):
        x = describe(positions[b], entries)
        descriptors[b] = x
        for i in range(len(places)):
            for k in range(lift_index.shape[1]):
                d = lift_index[i, k]
                queries[b, places[i]] += lift_weight[i, k] * (x[d] - centre[d]) * scale
    by_coset, gradient = _sum(queries.reshape(-1, width), *training)
    by_query = gradient.reshape(queries.shape)
    n_cosets = len(by_coset) // len(positions)
    for b in range(len(positions)):
        energies[b] = 0.0
        for r in range(n_cosets):
            energies[b] += by_coset[b * n_cosets + r]
        by_x = np.zeros(len(centre))
        for d in range(len(centre)):
            for k in range(lower_index.shape[1]):
                by_x[d] += scale * lower_weight[d, k] * by_query[b, places[lower_index[d, k]]]
        gradients[b] = pull_back(positions[b], descriptors[b], by_x, entries)


@numba.njit(fastmath=True, nogil=True, cache=True, error_model="numpy")
@no_type_check
def _sum(queries, y, u, bias, w, starts, powers):
    """The sum over training frames: e of each scaled query, and its gradient by it."""
    n_characters = len(starts) - 1
    shape = (n_characters, _BLOCK)
    dots, along, q, decay = np.empty(shape), np.empty(shape), np.empty(shape), np.empty(shape)
    gradient = np.zeros_like(queries)
    squares, totals = (queries**2).sum(axis=1), np.zeros(len(queries))
    energies = np.zeros(len(queries))
    for block in range(0, len(y), _BLOCK):
        for r in range(len(queries)):
            _products(queries[r], y, u, starts, block, dots, along)
            for n in range(_BLOCK):
                dots[0, n] += bias[0, block + n]
                along[0, n] += bias[1, block + n]
            _transform(dots)
            _transform(along)
            for c in range(n_characters):
                for n in range(_BLOCK):
                    q[c, n] = math.sqrt(max(squares[r] - 2 * dots[c, n], 0.0))
                _decays(q[c], decay[c], powers)
                for n in range(_BLOCK):
                    slope, weight = (1 + q[c, n]) * decay[c, n], w[block + n]
                    energies[r] += slope * along[c, n] + weight * (slope + q[c, n] ** 2 / 3 * decay[c, n])
                    by_distance = decay[c, n] * along[c, n] + weight * slope / 3
                    totals[r] += by_distance
                    dots[c, n], along[c, n] = by_distance, slope
            _transform(dots)
            _transform(along)
            _combine(dots, along, y, u, starts, block, gradient[r])
    for r in range(len(queries)):
        gradient[r] -= totals[r] * queries[r]
    return energies, gradient


@numba.njit(fastmath=True, error_model="numpy")
@no_type_check
def _products(query, y, u, starts, block, dots, along):
    """Those of a query with a block of training frames, by character."""
    for c in range(len(dots)):
        entries = slice(starts[c], starts[c + 1])
        part = query[entries]
        for n in range(0, _BLOCK, 2):  # two frames at a time: fewer loads of the query
            j = block + n
            y0, u0, y1, u1 = y[j, entries], u[j, entries], y[j + 1, entries], u[j + 1, entries]
            a0, b0, a1, b1 = 0.0, 0.0, 0.0, 0.0
            for d in range(len(part)):
                a0 += part[d] * y0[d]
                b0 += part[d] * u0[d]
                a1 += part[d] * y1[d]
                b1 += part[d] * u1[d]
            dots[c, n], along[c, n], dots[c, n + 1], along[c, n + 1] = a0, b0, a1, b1


@numba.njit(fastmath=True, error_model="numpy")
@no_type_check
def _combine(by_y, by_u, y, u, starts, block, gradient):
    """The transpose: training frames of a block with weights, added to a query's gradient."""
    for c in range(len(by_y)):
        entries = slice(starts[c], starts[c + 1])
        part = gradient[entries]
        for n in range(0, _BLOCK, 2):
            j = block + n
            y0, u0, y1, u1 = y[j, entries], u[j, entries], y[j + 1, entries], u[j + 1, entries]
            a0, b0, a1, b1 = by_y[c, n], by_u[c, n], by_y[c, n + 1], by_u[c, n + 1]
            for d in range(len(part)):
                part[d] += a0 * y0[d] + b0 * u0[d] + a1 * y1[d] + b1 * u1[d]


@numba.njit(fastmath=True, inline="always")
@no_type_check
def _transform(array):
    """The Walsh-Hadamard transform of group.py along the first axis, in place."""
    half = 1
    while half < len(array):
        for start in range(0, len(array), 2 * half):
            for i in range(start, start + half):
                for n in range(array.shape[1]):
                    first, second = array[i, n], array[i + half, n]
                    array[i, n], array[i + half, n] = first + second, first - second
        half *= 2


@numba.njit(fastmath=True, inline="always")
@no_type_check
def _decays(q, out, powers):
    """e^{-q} = 2^{-k} e^r with |r| ≤ ln(2)/2, by its Taylor series: unlike exp of the C library, one vector operation."""
    for i in range(len(q)):
        x = min(q[i], 700.0)
        k = int(x * _LOG2E + 0.5)
        r = k * _LN2 - x
        series = 1.0
        for n in range(13, 0, -1):
            series = series * (r / n) + 1.0
        out[i] = series * powers[k]
