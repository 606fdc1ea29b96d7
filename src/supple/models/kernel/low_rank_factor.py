"""B, of many rows, as the preconditioner applies it: most columns stored in single precision, multiplied in double precision.

A product with B takes as long as it takes to read B, so that half the bytes are half the time. Columns come from a Cholesky
factorisation, in which the first ones are the largest, by many orders of magnitude. B Bᵀ + D is as good an approximation with the others
rounded, if that changes them by little compared to D; and as they are rounded before anything that depends on them is computed, its inverse
is exact. Products in single precision would not do: z - B(...) is a millionth of z in some directions.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from supple.runtime.threads import run_in_threads

#: Squared length, in units of the eigenvalues of D, from which a column is not rounded: rounding changes the square by 1e-7 of it.
_LARGE = 1e4
#: Rows that are rounded at a time.
_ROWS = 8192


def n_large_columns(squares: Float[Tensor, "k"], d: float) -> int:
    """How many of the first columns, of these squared lengths, are too large to be rounded beside a D with eigenvalues of about d."""
    large = (squares > _LARGE * d).nonzero()
    return int(large[-1]) + 1 if len(large) else 0


class LowRankFactor:
    """B, for products with vectors.

    Args:
        b: of which all columns but the first ones are rounded, in place.
        n_exact: how many columns are not.
    """

    def __init__(self, b: Float[Tensor, "n k"], n_exact: int) -> None:
        # Elsewhere than on the CPU there are no loops that read one precision and compute in the other.
        n_exact = n_exact if b.device.type == "cpu" else b.shape[1]
        self._exact = b[:, :n_exact].clone()
        self._rounded = torch.empty(len(b), b.shape[1] - n_exact, dtype=torch.float32)
        for out, part in zip(self._rounded.split(_ROWS), b[:, n_exact:].split(_ROWS), strict=True):
            part.copy_(out.copy_(part))

    def __matmul__(self, s: Float[Tensor, "k"]) -> Float[Tensor, "n"]:
        """B s."""
        product = self._exact @ s[: self._exact.shape[1]]
        if self._rounded.numel() == 0:
            return product
        # Here, since Numba takes a while to load.
        from supple.models.kernel.compiled_products import add_product

        b, out, starts = self._rounded.numpy(), product.numpy(), self._shares()
        vector = s[self._exact.shape[1] :].numpy()

        def part(k: int) -> None:
            some = slice(starts[k], starts[k + 1])
            add_product(b[some], vector, out[some])

        run_in_threads(part, len(starts) - 1)
        return product

    def transposed_times(self, z: Float[Tensor, "n"]) -> Float[Tensor, "k"]:
        """Bᵀ z."""
        product = self._exact.T @ z
        if self._rounded.numel() == 0:
            return product
        from supple.models.kernel.compiled_products import add_transposed

        b, vector, starts = self._rounded.numpy(), z.numpy(), self._shares()
        out = np.zeros((len(starts) - 1, b.shape[1]))

        def part(k: int) -> None:
            some = slice(starts[k], starts[k + 1])
            add_transposed(b[some], vector[some], out[k])

        run_in_threads(part, len(out))
        return torch.cat([product, torch.from_numpy(out.sum(axis=0))])

    def _shares(self) -> list[int]:
        """Where the rows of each thread begin, and the end."""
        n, parts = len(self._rounded), torch.get_num_threads()
        return [k * n // parts for k in range(parts + 1)]
