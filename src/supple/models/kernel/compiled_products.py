"""Products of a matrix in single precision with a vector, computed in double precision, as compiled loops."""

from __future__ import annotations

from pathlib import Path
from typing import no_type_check

import numpy as np

from supple.runtime.jit.compile_options import Compiler

_compiled = Compiler(Path(__file__)).compiled


@_compiled
@no_type_check
def add_product(b, s, out):
    """Add B s."""
    for r in range(len(b)):
        total = 0.0
        row = b[r]
        for c in range(len(s)):
            total += np.float64(row[c]) * s[c]
        out[r] += total


@_compiled
@no_type_check
def add_transposed(b, z, out):
    """Add Bᵀ z. Four rows at a time: sums are read and written a quarter as often."""
    n = len(b) - len(b) % 4
    for r in range(0, n, 4):
        z0, z1, z2, z3 = z[r], z[r + 1], z[r + 2], z[r + 3]
        for c in range(len(out)):
            first = np.float64(b[r, c]) * z0 + np.float64(b[r + 1, c]) * z1
            out[c] += first + (np.float64(b[r + 2, c]) * z2 + np.float64(b[r + 3, c]) * z3)
    for r in range(n, len(b)):
        for c in range(len(out)):
            out[c] += np.float64(b[r, c]) * z[r]
