"""What happens on the atoms in a layer, one class after the other, and its adjoint; the equations and names are those of network.py.

Atoms of a class share their matrices, which then stay in the cache, as does all that is computed from one step to the next.
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np

from supple.models.neural.bespoke.compiled.arrays import (
    GATE_BIAS,
    GATE_MESSAGE,
    GATE_OUT,
    GATE_OUT_BIAS,
    GATE_STATE,
    LEFT,
    OUT,
    RIGHT,
    SECOND,
    THIRD,
)
from supple.models.neural.bespoke.compiled.couplings import (
    couple,
    couple_gradient,
    couple_reverse,
    couple_scalar,
    couple_scalar_gradient,
    couple_scalar_reverse,
)
from supple.models.neural.bespoke.compiled.jit import part
from supple.models.neural.bespoke.compiled.linear_maps import (
    add_rows,
    add_scalar_map,
    add_scalar_map_back,
    fill_rows,
    map_degrees,
    map_degrees_gradient,
)
from supple.models.neural.bespoke.harmonics import COMPONENTS, DEGREE, paths
from supple.models.neural.compiled.silu import silu
from supple.models.neural.compiled.tiles import add_product, add_product_of_transposed, multiply

_DEGREES = DEGREE + 1
_ZERO = np.float32(0)
#: Paths of the products that lead to all degrees, and to the scalar.
_PATHS, _SCALAR_PATHS = len(paths(DEGREE)), len(paths(0))


@part
@no_type_check
def update_class(molecule, values, kept, k, t, frames):
    """From the sums A of layer k to its new components x, for the atoms of class t."""
    low, high, n = molecule.starts[t], molecule.starts[t + 1], len(molecule.order)
    f, place, last = molecule.features, molecule.places[k], k == len(kept.h) - 1
    square, step, stride = f * f, frames * f, (len(molecule.starts) - 1) * f * f
    n_in, n_out, degrees = COMPONENTS if k > 0 else 1, 1 if last else COMPONENTS, 1 if last else _DEGREES
    x, new, a, u, v, p, s, m = (
        kept.x[k], kept.x[k + 1], kept.a[k], kept.u[k], kept.v[k], kept.p[k], kept.s[k], kept.m[k],
    )  # fmt: skip
    z, activated, slope, g = kept.z, kept.activated[k], kept.slope[k], kept.g[k]
    map_degrees(u, a, low, high, _DEGREES, frames, f, values, place[LEFT] + t * square, stride, False)
    map_degrees(v, a, low, high, _DEGREES, frames, f, values, place[RIGHT] + t * square, stride, False)
    second, third = place[SECOND] + t * _PATHS * f, place[THIRD] + t * (_SCALAR_PATHS if last else _PATHS) * f
    for i in range(low, high):
        for b in range(frames):
            at = i * COMPONENTS * step + b * f
            if last:
                couple_scalar(p, s, u, v, at, i * step + b * f, step, values, second, third, f)
            else:
                couple(p, s, u, v, at, at, step, values, second, third, f)
    map_degrees(m, s, low, high, degrees, frames, f, values, place[OUT] + t * square, stride, False)

    rows, first = (high - low) * frames, low * step
    fill_rows(z, first, rows, f, values, place[GATE_BIAS] + t * f)
    add_scalar_map(z, x, low, high, n_in, frames, f, values, place[GATE_STATE] + t * square)
    add_scalar_map(z, m, low, high, n_out, frames, f, values, place[GATE_MESSAGE] + t * square)
    silu(z, activated, slope, first, rows * f)
    for degree in range(degrees):
        gates = degree * n * step + first
        fill_rows(g, gates, rows, f, values, place[GATE_OUT_BIAS] + (degree * (len(molecule.starts) - 1) + t) * f)
        add_product(g, gates, activated, first, values, place[GATE_OUT] + degree * stride + t * square, rows, f, f)
    for i in range(low, high):
        add_gated(new, x, m, g, i, n, n_in, n_out, step)


@part
@no_type_check
def add_gated(new, x, m, g, i, n, n_in, n_out, step):
    """The new components of atom i: x + g for the scalar, x + g m for the others."""
    at, of = i * n_out * step, i * n_in * step
    for f in range(step):
        new[at + f] = x[of + f] + g[i * step + f]
    for c in range(1, n_out):
        gate = ((1 if c < 4 else 2) * n + i) * step
        here, before = at + c * step, of + c * step
        if n_in > 1:
            for f in range(step):
                new[here + f] = x[before + f] + g[gate + f] * m[here + f]
        else:
            for f in range(step):
                new[here + f] = g[gate + f] * m[here + f]


@part
@no_type_check
def reverse_class(molecule, weights, kept, adjoint, k, t, frames, gradient, training):
    """The adjoint of `update_class`: from the derivatives by the new x to those by A, and by x where it goes into gate and sum.

    In training, the derivatives by the weights are added to the gradient.
    """
    low, high, n = molecule.starts[t], molecule.starts[t + 1], len(molecule.order)
    f, place, last = molecule.features, molecule.places[k], k == len(kept.h) - 1
    square, step, stride = f * f, frames * f, (len(molecule.starts) - 1) * f * f
    n_in, n_out, degrees = COMPONENTS if k > 0 else 1, 1 if last else COMPONENTS, 1 if last else _DEGREES
    by_new, by_x, by_m, by_s, by_u, by_v, by_a = (
        adjoint.new, adjoint.x, adjoint.m, adjoint.s, adjoint.u, adjoint.v, adjoint.a,
    )  # fmt: skip
    by_z, by_g = adjoint.z, adjoint.g
    x, a, u, v, p, s, m = kept.x[k], kept.a[k], kept.u[k], kept.v[k], kept.p[k], kept.s[k], kept.m[k]
    activated, slope, g = kept.activated[k], kept.slope[k], kept.g[k]
    values, transposed = weights.values, weights.transposed
    rows, first = (high - low) * frames, low * step

    for i in range(low, high):
        gates_reverse(by_new, by_g, by_m, m, g, i, n, n_out, step)
    multiply(by_z, first, by_g, first, transposed, place[GATE_OUT] + t * square, rows, f, f)
    for degree in range(1, degrees):
        gates = degree * n * step + first
        add_product(by_z, first, by_g, gates, transposed, place[GATE_OUT] + degree * stride + t * square, rows, f, f)
    for r in range(first, first + rows * f):
        by_z[r] *= slope[r]
    for i in range(low, high):
        for c in range(i * n_out * step, (i * n_out + 1) * step):
            by_m[c] = _ZERO
    add_scalar_map_back(by_m, by_z, low, high, n_out, frames, f, transposed, place[GATE_MESSAGE] + t * square)
    map_degrees(by_s, by_m, low, high, degrees, frames, f, transposed, place[OUT] + t * square, stride, False)
    second, third = place[SECOND] + t * _PATHS * f, place[THIRD] + t * (_SCALAR_PATHS if last else _PATHS) * f
    for i in range(low, high):
        for b in range(frames):
            at = i * COMPONENTS * step + b * f
            at_s = i * step + b * f if last else at
            _couplings_reverse(
                by_u, by_v, by_s, u, v, p, at, at_s, step, values, second, third, f, gradient, last, training
            )
    map_degrees(by_a, by_u, low, high, _DEGREES, frames, f, transposed, place[LEFT] + t * square, stride, False)
    map_degrees(by_a, by_v, low, high, _DEGREES, frames, f, transposed, place[RIGHT] + t * square, stride, True)
    if k > 0 or training:
        for i in range(low, high):
            _pass_on(by_x, by_new, i, n_in, n_out, step)
        add_scalar_map_back(by_x, by_z, low, high, n_in, frames, f, transposed, place[GATE_STATE] + t * square)
    if training:
        at_rows = t * f
        for degree in range(degrees):
            gates = degree * n * step + first
            add_product_of_transposed(
                gradient,
                place[GATE_OUT] + degree * stride + t * square,
                activated,
                first,
                0,
                by_g,
                gates,
                0,
                f,
                rows,
                1,
                f,
            )
            add_rows(gradient, place[GATE_OUT_BIAS] + degree * (stride // f) + at_rows, by_g, gates, rows, f)
        add_rows(gradient, place[GATE_BIAS] + at_rows, by_z, first, rows, f)
        add_product_of_transposed(
            gradient, place[GATE_STATE] + t * square, x, low * n_in * step, n_in * step, by_z, first, step, f, frames,
            high - low, f,
        )  # fmt: skip
        add_product_of_transposed(
            gradient, place[GATE_MESSAGE] + t * square, m, low * n_out * step, n_out * step, by_z, first, step, f, frames,
            high - low, f,
        )  # fmt: skip
        map_degrees_gradient(gradient, place[OUT] + t * square, stride, s, by_m, low, high, degrees, frames, f)
        map_degrees_gradient(gradient, place[LEFT] + t * square, stride, a, by_u, low, high, _DEGREES, frames, f)
        map_degrees_gradient(gradient, place[RIGHT] + t * square, stride, a, by_v, low, high, _DEGREES, frames, f)


@part
@no_type_check
def _couplings_reverse(by_u, by_v, by_s, u, v, p, at, at_s, step, values, second, third, f, gradient, last, training):
    if training and last:
        couple_scalar_gradient(by_u, by_v, by_s, u, v, p, at, at_s, step, values, second, third, f, gradient)
    elif training:
        couple_gradient(by_u, by_v, by_s, u, v, p, at, at_s, step, values, second, third, f, gradient)
    elif last:
        couple_scalar_reverse(by_u, by_v, by_s, u, v, p, at, at_s, step, values, second, third, f, gradient)
    else:
        couple_reverse(by_u, by_v, by_s, u, v, p, at, at_s, step, values, second, third, f, gradient)


@part
@no_type_check
def gates_reverse(by_new, by_g, by_m, m, g, i, n, n_out, step):
    """Derivatives by the gates, and by the components that they multiply, of atom i."""
    at = i * n_out * step
    for f in range(step):
        by_g[i * step + f] = by_new[at + f]
    for degree in range(1, _DEGREES if n_out > 1 else 1):
        gate = (degree * n + i) * step
        for c in range(degree * degree, (degree + 1) * (degree + 1)):
            here = at + c * step
            if c == degree * degree:
                for f in range(step):
                    by_g[gate + f] = by_new[here + f] * m[here + f]
                    by_m[here + f] = by_new[here + f] * g[gate + f]
            else:
                for f in range(step):
                    by_g[gate + f] += by_new[here + f] * m[here + f]
                    by_m[here + f] = by_new[here + f] * g[gate + f]


@part
@no_type_check
def _pass_on(by_x, by_new, i, n_in, n_out, step):
    """Derivatives by x where it is added to the new components; zero for those that the last layer leaves out."""
    passed = min(n_in, n_out) * step
    for f in range(passed):
        by_x[i * n_in * step + f] = by_new[i * n_out * step + f]
    for f in range(passed, n_in * step):
        by_x[i * n_in * step + f] = _ZERO
