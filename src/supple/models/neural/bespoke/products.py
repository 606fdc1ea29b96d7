"""Products of an atom's components with each other, to components of degrees up to 0 or 2, with a weight for each path.

    out_c = Σ_paths w_p Σ_ab C^p_abc x_a y_b

Couplings are sparse: they are applied block by block, to the products of two degrees. With a scalar they are the identity.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from supple.models.neural.bespoke.harmonics import DEGREE, Path, block, couplings, paths


class Block(NamedTuple):
    """The products of some components of x with some of y.

    Attributes:
        left, right: these components.
        rows: of the products' couplings to all degrees, the slice that leads to each degree.
        coupled: whether there is a matrix of couplings; the identity otherwise.
    """

    left: slice
    right: slice
    rows: dict[int, slice]
    coupled: bool


class Products(nn.Module):
    """The products to all degrees up to `highest`; weights are those of each atom, one for each of the P paths and F channels.

    Attributes:
        n_paths: P.
    """

    def __init__(self, highest: int) -> None:
        super().__init__()
        found = paths(highest)
        self.n_paths, self.highest = len(found), highest
        self.blocks: list[Block] = []
        full = slice(0, (highest + 1) ** 2)
        scalar, rest = slice(0, 1), slice(1, full.stop)
        self._add(
            Block(scalar, full, {d: block(d) for d in range(highest + 1)}, False), [p for p in found if p.left == 0]
        )
        if highest:
            after = {d: slice(block(d).start - 1, block(d).stop - 1) for d in range(1, highest + 1)}
            self._add(Block(rest, scalar, after, False), [p for p in found if p.right == 0 and p.left > 0])
        for left in range(1, DEGREE + 1):
            for right in range(1, DEGREE + 1):
                own = [path for path in found if (path.left, path.right) == (left, right)]
                rows, start = {}, 0
                for path in own:
                    rows[path.to] = slice(start, start + 2 * path.to + 1)
                    start += 2 * path.to + 1
                if own:
                    self._add(Block(block(left), block(right), rows, True), own)

    def _add(self, made: Block, own: list[Path]) -> None:
        number, found = len(self.blocks), paths(self.highest)
        self.blocks.append(made)
        of_rows = [found.index(path) for path in own for _ in range(2 * path.to + 1)]
        self.register_buffer(f"path_{number}", torch.tensor(of_rows), persistent=False)
        if made.coupled:
            matrix = np.concatenate([couplings(path).reshape(-1, 2 * path.to + 1).T for path in own])
            value = torch.tensor(matrix, dtype=torch.get_default_dtype())
            self.register_buffer(f"couplings_{number}", value, persistent=False)

    def forward(
        self, weights: Float[Tensor, "N P F"], x: Float[Tensor, "N 9 B F"], y: Float[Tensor, "N 9 B F"]
    ) -> Float[Tensor, "N C B F"]:
        """The weighted sums of all paths."""
        sums: list[Tensor | None] = [None] * (self.highest + 1)
        for number, made in enumerate(self.blocks):
            left, right = x[:, made.left], y[:, made.right]
            if made.coupled:
                both = (left[:, :, None] * right[:, None]).flatten(1, 2)
                products = (self.get_buffer(f"couplings_{number}") @ both.flatten(2)).unflatten(2, both.shape[2:])
            else:
                products = left * right
            products = products * self._row_weights(number, weights)
            for degree, rows in made.rows.items():
                before = sums[degree]
                sums[degree] = products[:, rows] if before is None else before + products[:, rows]
        return torch.cat([of_degree for of_degree in sums if of_degree is not None], dim=1)

    def reverse(
        self,
        weights: Float[Tensor, "N P F"],
        x: Float[Tensor, "N 9 B F"],
        y: Float[Tensor, "N 9 B F"],
        by_out: Float[Tensor, "N C B F"],
    ) -> tuple[Float[Tensor, "N 9 B F"], Float[Tensor, "N 9 B F"]]:
        """Derivatives by x and y from those by the products."""
        by_x, by_y = Parts(), Parts()
        for number, made in enumerate(self.blocks):
            left, right = x[:, made.left], y[:, made.right]
            by_rows = torch.cat([by_out[:, block(degree)] for degree in made.rows], dim=1)
            by_products = by_rows * self._row_weights(number, weights)
            if made.coupled:
                by_both = self.get_buffer(f"couplings_{number}").T @ by_products.flatten(2)
                by_both = by_both.unflatten(2, left.shape[2:]).unflatten(1, (left.shape[1], right.shape[1]))
                by_x.add(made.left, (by_both * right[:, None]).sum(2))
                by_y.add(made.right, (by_both * left[:, :, None]).sum(1))
            else:
                by_left, by_right = by_products * right, by_products * left
                by_x.add(made.left, by_left.sum(1, keepdim=True) if left.shape[1] == 1 else by_left)
                by_y.add(made.right, by_right.sum(1, keepdim=True) if right.shape[1] == 1 else by_right)
        return by_x.joined(), by_y.joined()

    def _row_weights(self, number: int, weights: Float[Tensor, "N P F"]) -> Float[Tensor, "N Q 1 F"]:
        return weights.index_select(1, self.get_buffer(f"path_{number}"))[:, :, None]


class Parts:
    """Sums of arrays that belong to some of the components, by degree."""

    def __init__(self) -> None:
        self._sums: dict[int, Tensor] = {}

    def add(self, components: slice, value: Float[Tensor, "N C B F"]) -> None:
        """Add an array of these components."""
        for degree in range(DEGREE + 1):
            own = block(degree)
            if components.start <= own.start and own.stop <= components.stop:
                part = value[:, own.start - components.start : own.stop - components.start]
                self._sums[degree] = self._sums[degree] + part if degree in self._sums else part

    def joined(self) -> Float[Tensor, "N 9 B F"]:
        """All components, one after the other."""
        return torch.cat([self._sums[degree] for degree in range(DEGREE + 1)], dim=1)
