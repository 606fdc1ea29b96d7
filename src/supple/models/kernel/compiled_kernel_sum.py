"""The whole prediction as one compiled loop over the training frames: descriptor, sum, and the gradient back to the atoms.

The matrix products of kernel_sum.py, with a handful of operations on large arrays between them, pass through memory some ten times, and
have only as many rows as there are cosets for the one or few geometries of a dynamics step. Here a strip of training frames is read once
and combined with the queries of all geometries while it is in the cache; formulas and names are those of kernel_sum.py. The result for a
geometry does not depend on the others in the batch, to the bit: a vector is an entry of `DOUBLES` training frames, so that nothing is
summed across it until the end, and each sum runs over the entries in their order.

Compiled by Numba, in double precision; threads share the geometries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, no_type_check

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from supple.models.kernel import compiled_exponential, compiled_terms
from supple.models.kernel.compiled_terms import QUERIES, lifted, smooth_factors, transform
from supple.models.kernel.kernel_sum import KernelSum
from supple.molecule.descriptors import compiled as descriptors
from supple.molecule.descriptors.compiled import describe, pull_back
from supple.runtime.jit.compilation import is_compiled
from supple.runtime.jit.compile_options import Compiler
from supple.runtime.jit.vectors import DOUBLES, item, larger, load, root, splat, store
from supple.runtime.threads import run_in_threads

_COMPILER = Compiler(
    Path(__file__), Path(compiled_terms.__file__), Path(compiled_exponential.__file__), Path(descriptors.__file__)
)
_compiled, _inlined = _COMPILER.compiled, _COMPILER.inlined

#: Fewest geometries for which another thread pays off.
_PER_THREAD = 4
#: Geometries that are processed together: their arrays stay in the L2 cache.
_BATCH = 16

#: Blocks of a strip; the frames of one strip stay in the L2 cache.
_STRIP = 8
#: Entries whose sums over a strip stay in the L1 cache.
_TILE = 64


def is_loop_compiled() -> bool:
    """Whether the loop need not be compiled any more."""
    return is_compiled(_add_term)


class CompiledSum:
    """e and its gradient by the positions: the terms' `KernelSum`s and the descriptor in one loop.

    Args:
        kernel_sums: the sums, one for each term.
        entries: of the descriptor, as `compiled_entries` gives them.
        centre: of the descriptors.
    """

    def __init__(self, kernel_sums: Iterable[KernelSum], entries: tuple[Any, ...], centre: Float[Tensor, "D"]) -> None:
        self._entries, self._centre = entries, centre.numpy()
        self._terms = tuple(_arrays(kernel_sum) for kernel_sum in kernel_sums)

    def __call__(
        self, positions: Float[np.ndarray, "B N 3"]
    ) -> tuple[Float[np.ndarray, "B"], Float[np.ndarray, "B N 3"]]:
        """e, and its gradient by the positions."""
        energies, gradients = np.zeros(len(positions)), np.empty(positions.shape)

        def batch(some: slice) -> None:
            descriptors, x, by_x = _describe(positions[some], self._entries, self._centre)
            for term in self._terms:  # in Python: a compiled loop over a tuple would be compiled anew for each length
                _add_term(x, term, energies[some], by_x)
            _pull_back(positions[some], descriptors, by_x, self._entries, gradients[some])

        in_batches(len(positions), batch)
        return energies, gradients


def at_descriptors(
    kernel_sums: Iterable[KernelSum], x: Float[Tensor, "B D"]
) -> tuple[Float[Tensor, "B"], Float[Tensor, "B D"]]:
    """The sum e and its gradient by the descriptor, for descriptors less the centre."""
    terms, descriptors = [_arrays(kernel_sum) for kernel_sum in kernel_sums], x.contiguous().numpy()
    energies, by_x = np.zeros(len(x)), np.zeros(descriptors.shape)

    def batch(some: slice) -> None:
        for term in terms:
            _add_term(descriptors[some], term, energies[some], by_x[some])

    in_batches(len(x), batch)
    return torch.from_numpy(energies), torch.from_numpy(by_x)


def in_batches(n: int, work: Callable[[slice], None]) -> None:
    """Call `work` for every batch of n geometries; threads share them."""
    parts = max(1, min(torch.get_num_threads(), n // _PER_THREAD))

    def part(k: int) -> None:
        last = (k + 1) * n // parts
        for low in range(k * n // parts, last, _BATCH):
            work(slice(low, min(low + _BATCH, last)))

    run_in_threads(part, parts)


def _arrays(kernel_sum: KernelSum) -> tuple[Any, ...]:
    """What the loop needs of a term: how queries are made, its training frames in blocks, and the kernel's constants."""
    term = kernel_sum.term
    m = len(kernel_sum.bias) // 2
    rows = np.concatenate([block.T.numpy() for block in kernel_sum.targets], axis=1)  # (2K, d)
    n_blocks, size = -(-m // DOUBLES), rows.shape[1]
    frames = np.zeros((n_blocks, size, 2, DOUBLES))  # y and u side by side
    bias = np.zeros((n_blocks, 2, DOUBLES))
    w = np.zeros((n_blocks, DOUBLES))
    block, lane = np.divmod(np.arange(m), DOUBLES)
    for kind in range(2):
        part = slice(kind * m, (kind + 1) * m)
        frames[block, :, kind, lane] = rows[part]
        bias[block, kind, lane] = kernel_sum.bias[part].numpy()
    if kernel_sum.w is not None:
        w[block, lane] = kernel_sum.w.numpy()
    lift = (term.lift_index, term.lift_weight, term.lower_index, term.lower_weight)
    return (
        term.n_queries, *(array.numpy() for array in lift), frames, bias, w, np.cumsum([0, *term.group.sizes]),
        term.kernel.order, term.kernel.gamma,
    )  # fmt: skip


@_compiled
@no_type_check
def _describe(positions, entries, centre):
    """Descriptors; the same less the centre; and zeros, for the gradient by them."""
    descriptors = np.empty((len(positions), len(centre)))
    for b in range(len(positions)):
        descriptors[b] = describe(positions[b], entries)
    return descriptors, descriptors - centre, np.zeros(descriptors.shape)


@_compiled
@no_type_check
def _pull_back(positions, descriptors, by_x, entries, gradients):
    """Gradients by the descriptors become those by the positions."""
    for b in range(len(positions)):
        gradients[b] = pull_back(positions[b], descriptors[b], by_x[b], entries)


@_compiled
@no_type_check
def _add_term(x, term, energies, by_x):
    """Add e and its gradient by the descriptor."""
    n_queries, lift_index, lift_weight, lower_index, lower_weight, frames, bias, w, starts, order, gamma = term
    n, size = len(x), len(lift_index) // n_queries
    queries = lifted(x, n_queries, lift_index, lift_weight)
    by_query, gradient = _sum(queries, n * n_queries, frames, bias, w, starts, order, gamma)
    slopes = gradient.reshape(-1)
    for b in range(n):
        for r in range(n_queries):
            energies[b] += by_query[b * n_queries + r]
        for d in range(len(lower_index)):
            for k in range(lower_index.shape[1]):
                by_x[b, d] += lower_weight[d, k] * slopes[b * n_queries * size + lower_index[d, k]]


@_compiled
@no_type_check
def _sum(queries, n_queries, frames, bias, w, starts, order, gamma):
    """The sum over training frames: e of each scaled query, and its gradient by it."""
    n_characters, size = len(starts) - 1, queries.shape[1]
    squares = (queries**2).sum(axis=1)
    sums = np.zeros((n_queries, 2, DOUBLES))
    lanes = np.zeros((len(queries), size, DOUBLES))  # gradients, summed over blocks
    weights = np.zeros((_STRIP, n_characters, QUERIES, 2, DOUBLES))
    step = QUERIES * 2 * DOUBLES
    for strip in range(0, len(frames), _STRIP):
        n_blocks = min(_STRIP, len(frames) - strip)
        for first in range(0, len(queries), QUERIES):
            for s in range(n_blocks):
                _products(queries, first, frames, strip + s, starts, weights, s)
                for k in range(min(QUERIES, n_queries - first)):
                    at = s * n_characters * step + k * 2 * DOUBLES
                    constants = step, n_characters, order, gamma
                    _factors(weights, at, constants, squares[first + k], bias, w, strip + s, sums, first + k)
            _combine(lanes, first, frames, strip, n_blocks, starts, weights)
    gradient, energies = np.empty(queries.shape), np.empty(n_queries)
    for r in range(n_queries):
        energies[r], total = sums[r, 0].sum(), sums[r, 1].sum()
        for d in range(size):
            gradient[r, d] = lanes[r, d].sum() - total * queries[r, d]
    return energies, gradient


@_inlined
@no_type_check
def _products(queries, first, frames, block, starts, weights, s):
    """Products of a group of queries with a block of training frames, by character."""
    size, n_characters = queries.shape[1], len(starts) - 1
    q0 = first * size
    q1, q2, q3 = q0 + size, q0 + 2 * size, q0 + 3 * size
    place = block * size * 2 * DOUBLES
    out = s * n_characters * QUERIES * 2 * DOUBLES
    for c in range(n_characters):
        a0, a1, a2, a3 = splat(0.0), splat(0.0), splat(0.0), splat(0.0)
        b0, b1, b2, b3 = splat(0.0), splat(0.0), splat(0.0), splat(0.0)
        for d in range(starts[c], starts[c + 1]):
            y, u = load(frames, place), load(frames, place + DOUBLES)
            x0, x1 = splat(item(queries, q0 + d)), splat(item(queries, q1 + d))
            x2, x3 = splat(item(queries, q2 + d)), splat(item(queries, q3 + d))
            a0 += x0 * y
            b0 += x0 * u
            a1 += x1 * y
            b1 += x1 * u
            a2 += x2 * y
            b2 += x2 * u
            a3 += x3 * y
            b3 += x3 * u
            place += 2 * DOUBLES
        store(weights, out, a0)
        store(weights, out + DOUBLES, b0)
        store(weights, out + 2 * DOUBLES, a1)
        store(weights, out + 3 * DOUBLES, b1)
        store(weights, out + 4 * DOUBLES, a2)
        store(weights, out + 5 * DOUBLES, b2)
        store(weights, out + 6 * DOUBLES, a3)
        store(weights, out + 7 * DOUBLES, b3)
        out += 8 * DOUBLES


@_inlined
@no_type_check
def _combine(lanes, first, frames, strip, n_blocks, starts, weights):
    """The transpose: training frames of a strip with weights, added to the gradients of a group of queries."""
    size, n_characters = lanes.shape[1], len(starts) - 1
    row = size * DOUBLES
    for c in range(n_characters):
        for low in range(starts[c], starts[c + 1], _TILE):
            high = min(low + _TILE, starts[c + 1])
            for s in range(n_blocks):
                of = (s * n_characters + c) * QUERIES * 2 * DOUBLES
                a0, b0 = load(weights, of), load(weights, of + DOUBLES)
                a1, b1 = load(weights, of + 2 * DOUBLES), load(weights, of + 3 * DOUBLES)
                a2, b2 = load(weights, of + 4 * DOUBLES), load(weights, of + 5 * DOUBLES)
                a3, b3 = load(weights, of + 6 * DOUBLES), load(weights, of + 7 * DOUBLES)
                place = ((strip + s) * size + low) * 2 * DOUBLES
                g0 = first * row + low * DOUBLES
                g1, g2, g3 = g0 + row, g0 + 2 * row, g0 + 3 * row
                for _ in range(low, high):
                    y, u = load(frames, place), load(frames, place + DOUBLES)
                    store(lanes, g0, load(lanes, g0) + a0 * y + b0 * u)
                    store(lanes, g1, load(lanes, g1) + a1 * y + b1 * u)
                    store(lanes, g2, load(lanes, g2) + a2 * y + b2 * u)
                    store(lanes, g3, load(lanes, g3) + a3 * y + b3 * u)
                    place += 2 * DOUBLES
                    g0 += DOUBLES
                    g1 += DOUBLES
                    g2 += DOUBLES
                    g3 += DOUBLES


@_inlined
@no_type_check
def _factors(weights, at, constants, square, bias, w, block, sums, k):
    """Replace the products of a query with a block by the weights of its y and u in the gradient.

    Products and weights of the characters are `step` apart, the first ones at `at`. The block's parts of e, and of the
    weight of the query itself, are added to sums[k].
    """
    step, n_characters, order, gamma = constants
    at_bias = block * 2 * DOUBLES
    store(weights, at, load(weights, at) + load(bias, at_bias))
    store(weights, at + DOUBLES, load(weights, at + DOUBLES) + load(bias, at_bias + DOUBLES))
    transform(weights, at, step, 2, n_characters)
    two, zero, squares, weight = splat(2.0), splat(0.0), splat(square), load(w, block * DOUBLES)
    factor = splat(gamma)
    energy, total = load(sums, k * 2 * DOUBLES), load(sums, k * 2 * DOUBLES + DOUBLES)
    for c in range(n_characters):
        place = at + c * step
        along = load(weights, place + DOUBLES)
        q = root(larger(squares - two * load(weights, place), zero))
        decay, slope = smooth_factors(q, order)
        energy += slope * along + weight * (slope + factor * q * q * decay)
        by_distance = decay * along + factor * weight * slope
        total += by_distance
        store(weights, place, by_distance)
        store(weights, place + DOUBLES, slope)
    store(sums, k * 2 * DOUBLES, energy)
    store(sums, k * 2 * DOUBLES + DOUBLES, total)
    transform(weights, at, step, 2, n_characters)
