"""Linear maps of the components of a class's atoms: a matrix for each degree."""

from __future__ import annotations

from typing import no_type_check

from supple.models.neural.bespoke.compiled.jit import part
from supple.models.neural.compiled.tiles import add_product, add_product_of_transposed, multiply


@part
@no_type_check
def map_degrees(out, a, low, high, degrees, frames, size, weights, at, stride, add):
    """Out (+)= a M, for the atoms from low to high; the matrices of the degrees are `stride` numbers apart, from `at` on."""
    components = degrees * degrees
    for i in range(low, high):
        for degree in range(degrees):
            here, rows = (i * components + degree * degree) * frames * size, (2 * degree + 1) * frames
            if add:
                add_product(out, here, a, here, weights, at + degree * stride, rows, size, size)
            else:
                multiply(out, here, a, here, weights, at + degree * stride, rows, size, size)


@part
@no_type_check
def map_degrees_gradient(gradient, at, stride, a, by_out, low, high, degrees, frames, size):
    """Add the gradient by the matrices of `map_degrees`."""
    block = degrees * degrees * frames * size
    for degree in range(degrees):
        here, rows = low * block + degree * degree * frames * size, (2 * degree + 1) * frames
        add_product_of_transposed(
            gradient, at + degree * stride, a, here, block, by_out, here, block, size, rows, high - low, size
        )


@part
@no_type_check
def add_scalar_map(out, a, low, high, components, frames, size, weights, at):
    """Out += a M, from the scalars of a, whose atoms have some components, to an array of scalars alone."""
    for i in range(low, high):
        add_product(out, i * frames * size, a, i * components * frames * size, weights, at, frames, size, size)


@part
@no_type_check
def add_scalar_map_back(out, a, low, high, components, frames, size, weights, at):
    """Out += a M, from an array of scalars alone to the scalars of out, whose atoms have some components."""
    for i in range(low, high):
        add_product(out, i * components * frames * size, a, i * frames * size, weights, at, frames, size, size)


@part
@no_type_check
def fill_rows(out, at, rows, size, weights, row):
    """Copy a row of weights into rows of out."""
    for r in range(rows):
        here = at + r * size
        for f in range(size):
            out[here + f] = weights[row + f]


@part
@no_type_check
def add_rows(gradient, row, a, at, rows, size):
    """Add the sum of rows to a row of the gradient."""
    for r in range(rows):
        here = at + r * size
        for f in range(size):
            gradient[row + f] += a[here + f]
