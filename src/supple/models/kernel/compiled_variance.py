"""The remaining variances of all terms as compiled loops: formulas and names are those of term_variance.py.

A vector is an entry of `DOUBLES` pivots, and four queries are combined with a block of pivots together, as in compiled_kernel_sum.py. The result for a
geometry does not depend on the others in the batch.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, no_type_check

import numpy as np
from jaxtyping import Float

from supple.models.kernel import compiled_exponential, compiled_terms
from supple.models.kernel.compiled_kernel_sum import in_batches
from supple.models.kernel.compiled_terms import QUERIES, lifted, smooth_factors, transform
from supple.models.kernel.term_variance import SMALLEST_VARIANCE, TermVariance
from supple.molecule.descriptors import compiled as descriptors
from supple.molecule.descriptors.compiled import describe
from supple.runtime.jit.compile_options import Compiler
from supple.runtime.jit.vectors import DOUBLES, item, larger, load, root, splat, store, total

_COMPILER = Compiler(
    Path(__file__), Path(compiled_terms.__file__), Path(compiled_exponential.__file__), Path(descriptors.__file__)
)
_compiled, _inlined = _COMPILER.compiled, _COMPILER.inlined


class CompiledVariances:
    """v of the environments of all terms.

    Args:
        terms: with the pivots of each.
        entries: of the descriptor, as `compiled_entries` gives them.
        centre: of the descriptors.
    """

    def __init__(self, terms: Iterable[TermVariance], entries: tuple[Any, ...], centre: Float[np.ndarray, "D"]) -> None:
        self._entries, self._centre = entries, centre
        self._terms = [_arrays(term) for term in terms]
        self._starts = np.cumsum([0, *(term[0] for term in self._terms)])

    def __call__(self, positions: Float[np.ndarray, "B N 3"]) -> Float[np.ndarray, "B E"]:
        """V of each environment, over all terms."""
        variances = np.empty((len(positions), self._starts[-1]))

        def batch(some: slice) -> None:
            x = _described(positions[some], self._entries, self._centre)
            for start, term in zip(self._starts[:-1], self._terms, strict=True):
                _variances(x, term, variances[some], start)

        in_batches(len(positions), batch)
        return variances


def _arrays(of: TermVariance) -> tuple[Any, ...]:
    """What the loop needs of a term: how queries are made, its pivots in blocks, and the kernel's constants."""
    term, m = of.term, len(of.squares)
    n_blocks = -(-m // DOUBLES)
    rows = np.concatenate([block.T.numpy() for block in of.blocks], axis=1)  # (m, d)
    pivots = np.zeros((n_blocks, rows.shape[1], DOUBLES))
    squares = np.zeros((n_blocks, DOUBLES))
    factor = np.zeros((n_blocks * DOUBLES, n_blocks * DOUBLES))
    block, lane = np.divmod(np.arange(m), DOUBLES)
    pivots[block, :, lane], squares[block, lane] = rows, of.squares.numpy()
    factor[:m, :m] = of.inverse_factor.numpy()
    return (
        term.n_environments, term.group.n_cosets, term.lift_index.numpy(), term.lift_weight.numpy(), pivots, squares, factor,
        np.cumsum([0, *term.group.sizes]), term.kernel.order, term.kernel.gamma,
    )  # fmt: skip


@_compiled
@no_type_check
def _described(positions, entries, centre):
    """Descriptors less the centre."""
    x = np.empty((len(positions), len(centre)))
    for b in range(len(positions)):
        x[b] = describe(positions[b], entries) - centre
    return x


@_compiled
@no_type_check
def _variances(x, term, variances, start):
    """Fill the variances of one term, which begin at this column."""
    n_environments, n_cosets, lift_index, lift_weight, pivots, squares, factor, starts, order, gamma = term
    n, n_queries = len(x), n_environments * n_cosets
    queries = lifted(x, n_queries, lift_index, lift_weight)
    lengths = (queries**2).sum(axis=1)
    n_characters, n_blocks = len(starts) - 1, len(pivots)
    kernels = np.zeros((n * n_environments, n_blocks * DOUBLES))
    products = np.zeros((n_characters, QUERIES, DOUBLES))
    for block in range(n_blocks):
        for first in range(0, len(queries), QUERIES):
            _products(queries, first, pivots, block, starts, products)
            transform(products, 0, QUERIES * DOUBLES, QUERIES, n_characters)
            for k in range(min(QUERIES, n * n_queries - first)):
                row = (first + k) // n_cosets
                _add_values(
                    products,
                    k,
                    n_characters,
                    lengths[first + k],
                    squares,
                    block,
                    kernels,
                    row * n_blocks * DOUBLES,
                    order,
                    gamma,
                )
    explained = np.zeros(n_blocks * DOUBLES)
    own = np.zeros(n_characters)
    for row in range(n * n_environments):
        itself = _with_itself(queries, row * n_cosets, n_cosets, lengths, starts, own, order, gamma)
        part = _explained(kernels, row, factor, explained) / itself
        variances[row // n_environments, start + row % n_environments] = min(max(1.0 - part, SMALLEST_VARIANCE), 1.0)


@_inlined
@no_type_check
def _products(queries, first, pivots, block, starts, products):
    """Products of a group of queries with a block of pivots, by character."""
    size, n_characters = queries.shape[1], len(starts) - 1
    q0 = first * size
    q1, q2, q3 = q0 + size, q0 + 2 * size, q0 + 3 * size
    place, out = block * size * DOUBLES, 0
    for c in range(n_characters):
        a0, a1, a2, a3 = splat(0.0), splat(0.0), splat(0.0), splat(0.0)
        for d in range(starts[c], starts[c + 1]):
            y = load(pivots, place)
            a0 += splat(item(queries, q0 + d)) * y
            a1 += splat(item(queries, q1 + d)) * y
            a2 += splat(item(queries, q2 + d)) * y
            a3 += splat(item(queries, q3 + d)) * y
            place += DOUBLES
        store(products, out, a0)
        store(products, out + DOUBLES, a1)
        store(products, out + 2 * DOUBLES, a2)
        store(products, out + 3 * DOUBLES, a3)
        out += QUERIES * DOUBLES


@_inlined
@no_type_check
def _add_values(products, k, n_characters, length, squares, block, kernels, at, order, gamma):
    """Add the kernel functions of query k and a block of pivots, over the characters, to a row that begins at `at`."""
    two, zero, factor = splat(2.0), splat(0.0), splat(gamma)
    lengths = splat(length) + load(squares, block * DOUBLES)
    values = load(kernels, at + block * DOUBLES)
    for c in range(n_characters):
        q = root(larger(lengths - two * load(products, (c * QUERIES + k) * DOUBLES), zero))
        decay, slope = smooth_factors(q, order)
        values += slope + factor * q * q * decay
    store(kernels, at + block * DOUBLES, values)


@_inlined
@no_type_check
def _with_itself(queries, first, n_cosets, lengths, starts, own, order, gamma):
    """The kernel of an environment and itself, over all permutations; the first of its queries is the environment as it is."""
    n_characters, value = len(starts) - 1, 0.0
    for r in range(first, first + n_cosets):
        for c in range(n_characters):
            own[c] = 0.0
            for d in range(starts[c], starts[c + 1]):
                own[c] += queries[r, d] * queries[first, d]
        half = 1
        while half < n_characters:
            for low in range(0, n_characters, 2 * half):
                for i in range(low, low + half):
                    one, other = own[i] + own[i + half], own[i] - own[i + half]
                    own[i], own[i + half] = one, other
            half *= 2
        for c in range(n_characters):
            q = math.sqrt(max(lengths[r] + lengths[first] - 2 * own[c], 0.0))
            decay = math.exp(-q)
            slope = (1 + q) * decay
            if order == 3:
                extra = q * q * decay / 3
                decay = slope / 3
                slope += extra
            value += slope + gamma * q * q * decay
    return value


@_inlined
@no_type_check
def _explained(kernels, row, factor, explained):
    """|L⁻¹ k|² for a row k of kernels; `factor` holds the transpose of L⁻¹."""
    n = len(factor)
    for i in range(0, n, DOUBLES):
        store(explained, i, splat(0.0))
    for j in range(n):
        value = splat(item(kernels, row * n + j))
        for i in range(j - j % DOUBLES, n, DOUBLES):  # L⁻¹ is lower triangular
            store(explained, i, load(explained, i) + value * load(factor, j * n + i))
    squares = splat(0.0)
    for i in range(0, n, DOUBLES):
        some = load(explained, i)
        squares += some * some
    return total(squares)
