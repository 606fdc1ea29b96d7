"""Matrix products on parts of flat arrays.

A tile of the result, up to ROWS rows by COLUMNS vectors, stays in registers while the terms are summed, and every vector of b that is
loaded serves all of its rows. Rows are divided evenly among tiles, so that none has a few left over. Arrays are flat, and matrices in
them are given by the offset of their first element: there are many small ones, and views of them would cost as much as the products.
"""

from __future__ import annotations

from typing import Any, no_type_check

import numpy as np
from llvmlite import binding
from numba.extending import intrinsic

from supple.models.neural.compiled.jit import part
from supple.runtime.jit.straight_line import LANES, Emitter, emitted

_ZERO = np.float32(0)
#: The largest tile: twelve registers for its sums with AVX-512, eight otherwise.
ROWS, COLUMNS = (6, 2) if binding.get_host_cpu_features().get("avx512f") else (4, 1)


def _tile_of(add: bool) -> Any:
    """The function that fills, or adds to, a few rows of the result; see `_product` for its arguments."""

    def emit(
        e: Emitter, out: Any, at: Any, a: Any, at_a: Any, row: Any, term: Any, a_block: Any, b: Any, at_b: Any,
        b_block: Any, rows: Any, terms: Any, blocks: Any, size: Any, ends: Any,
    ) -> None:  # fmt: skip
        def strip(n: int, columns: int, f: Any) -> None:
            sums = [[e.variable(e.constant(0.0)) for _ in range(columns)] for _ in range(n)]
            with e.loop(blocks) as block:
                from_a, from_b = e.place(at_a, (block, a_block)), e.place(at_b, (block, b_block), f)
                with e.loop(terms) as k:
                    vectors = [e.load(b, e.place(from_b, (k, size), c * LANES)) for c in range(columns)]
                    for r in range(n):
                        number = e.number(a, e.place(from_a, (k, term), (r, row)))
                        for c in range(columns):
                            e.set(sums[r][c], e.multiply_add(number, vectors[c], e.get(sums[r][c])))
            for r in range(n):
                for c in range(columns):
                    here = e.place(at, (r, size), f, c * LANES)
                    (e.increase if add else e.store)(out, here, e.get(sums[r][c]))

        for n in range(1, ROWS + 1):
            with e.where(rows, equals=n):
                with e.loop(ends, COLUMNS * LANES) as f:
                    strip(n, COLUMNS, f)
                if COLUMNS > 1:  # a single vector may be left over
                    with e.loop(e.difference(size, ends), LANES) as more:
                        strip(n, 1, e.place(ends, more))

    @intrinsic
    def tile(
        typing: Any, out: Any, at: Any, a: Any, at_a: Any, row: Any, term: Any, a_block: Any, b: Any, at_b: Any,
        b_block: Any, rows: Any, terms: Any, blocks: Any, size: Any, ends: Any,
    ) -> Any:  # fmt: skip
        types = (out, at, a, at_a, row, term, a_block, b, at_b, b_block, rows, terms, blocks, size, ends)
        return emitted(types, emit)

    return tile


_fill, _add = _tile_of(add=False), _tile_of(add=True)


@part
@no_type_check
def multiply(out, at, a, at_a, b, at_b, rows, terms, size):
    """Out = a b; out is (rows, size), a is (rows, terms), and size a multiple of LANES."""
    tiles = (rows + ROWS - 1) // ROWS
    ends = size - size % (COLUMNS * LANES)
    for tile in range(tiles):
        low, high = rows * tile // tiles, rows * (tile + 1) // tiles
        _fill(out, at + low * size, a, at_a + low * terms, terms, 1, 0, b, at_b, 0, high - low, terms, 1, size, ends)


@part
@no_type_check
def multiply_any(out, at, a, at_a, b, at_b, rows, terms, size):
    """Out = a b, whatever the number of columns."""
    if size % LANES == 0:
        multiply(out, at, a, at_a, b, at_b, rows, terms, size)
        return
    for r in range(rows):
        here = at + r * size
        for f in range(size):
            out[here + f] = _ZERO
        for k in range(terms):
            factor, row = a[at_a + r * terms + k], at_b + k * size
            for f in range(size):
                out[here + f] += factor * b[row + f]


@part
@no_type_check
def transpose(out, at, a, at_a, rows, columns):
    """Out = aᵀ, in square tiles, as columns of large matrices map to few cache lines."""
    for top in range(0, rows, LANES):
        for left in range(0, columns, LANES):
            for j in range(left, min(left + LANES, columns)):
                for i in range(top, min(top + LANES, rows)):
                    out[at + j * rows + i] = a[at_a + i * columns + j]


@part
@no_type_check
def add_product(out, at, a, at_a, b, at_b, rows, terms, size):
    """Out += a b."""
    tiles = (rows + ROWS - 1) // ROWS
    ends = size - size % (COLUMNS * LANES)
    for tile in range(tiles):
        low, high = rows * tile // tiles, rows * (tile + 1) // tiles
        _add(out, at + low * size, a, at_a + low * terms, terms, 1, 0, b, at_b, 0, high - low, terms, 1, size, ends)


@part
@no_type_check
def add_product_of_transposed(out, at, a, at_a, a_block, b, at_b, b_block, rows, terms, blocks, size):
    """Out += Σ aᵀ b over several blocks, each of which has `terms` rows; their first elements are a_block and b_block apart."""
    tiles = (rows + ROWS - 1) // ROWS
    ends = size - size % (COLUMNS * LANES)
    for tile in range(tiles):
        low, high = rows * tile // tiles, rows * (tile + 1) // tiles
        _add(
            out, at + low * size, a, at_a + low, 1, rows, a_block, b, at_b, b_block, high - low, terms, blocks, size, ends
        )  # fmt: skip
