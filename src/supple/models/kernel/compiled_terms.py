"""What the compiled loops over training frames and over pivots share: the queries of a term, sums by character, and the kernel function.

All of it is inlined into the loops; arrays are addressed by offsets, as vectors.py does.
"""

from __future__ import annotations

from pathlib import Path
from typing import no_type_check

import numpy as np

from supple.models.kernel import compiled_exponential
from supple.models.kernel.compiled_exponential import exponential
from supple.runtime.jit.compile_options import Compiler
from supple.runtime.jit.vectors import DOUBLES, load, splat, store

_inlined = Compiler(Path(__file__), Path(compiled_exponential.__file__)).inlined

#: Queries that are combined with a block of frames together: eight sums stay in registers, and each load is used four times.
QUERIES = 4


@_inlined
@no_type_check
def lifted(x, n_queries, lift_index, lift_weight):
    """The queries of all descriptors, one row each; padded with rows of zeros to a whole number of groups."""
    n, size = len(x), len(lift_index) // n_queries
    queries = np.zeros((-(-n * n_queries // QUERIES) * QUERIES, size))
    flat = queries.reshape(-1)
    for b in range(n):
        for i in range(n_queries * size):
            for k in range(lift_index.shape[1]):
                flat[b * n_queries * size + i] += lift_weight[i, k] * x[b, lift_index[i, k]]
    return queries


@_inlined
@no_type_check
def transform(array, at, step, n_vectors, n_characters):
    """The Walsh-Hadamard transform of characters.py over the characters, in place: of vectors side by side, characters being `step` apart."""
    half = 1
    while half < n_characters:
        for start in range(0, n_characters, 2 * half):
            for i in range(start, start + half):
                for k in range(n_vectors):
                    one = at + i * step + k * DOUBLES
                    other = one + half * step
                    first, second = load(array, one), load(array, other)
                    store(array, one, first + second)
                    store(array, other, first - second)
        half *= 2


@_inlined
@no_type_check
def smooth_factors(q, order):
    """Those of matern.py for scaled distances q: decay, and slope."""
    decay = exponential(splat(0.0) - q)
    slope = decay + q * decay
    if order == 3:
        third = splat(1 / 3)
        extra = third * q * q * decay
        decay = third * slope
        slope = slope + extra
    return decay, slope
