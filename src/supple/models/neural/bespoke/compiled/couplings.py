"""The products of an atom's components with each other, in one geometry, and their adjoint, as straight-line code.

    P = Σ_paths w²_t ∘ (U ⊗ V) ,   S = U + P + Σ_paths w³_t ∘ (P ⊗ U)

Of a path, terms whose coefficients have the same size are added up before they are multiplied by it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numba.extending import intrinsic

from supple.models.neural.bespoke.harmonics import COMPONENTS, DEGREE, block, couplings, paths
from supple.runtime.jit.straight_line import LANES, Emitter, emitted


class _Row(NamedTuple):
    """What a path adds to one component: Σ_groups size · Σ_terms sign · x_a y_b."""

    path: int
    to: int
    groups: dict[float, list[tuple[float, int, int]]]


def _rows(highest: int) -> list[_Row]:
    """All rows of the products to degrees up to `highest`."""
    found = []
    for number, path in enumerate(paths(highest)):
        coefficients = couplings(path)
        for m in range(2 * path.to + 1):
            groups: dict[float, list[tuple[float, int, int]]] = defaultdict(list)
            for a, b in zip(*np.nonzero(coefficients[:, :, m]), strict=True):
                value = float(coefficients[a, b, m])
                groups[round(abs(value), 12)].append(
                    (np.sign(value), block(path.left).start + int(a), block(path.right).start + int(b))
                )
            found.append(_Row(number, path.to**2 + m, dict(groups)))
    return found


_SECOND = _rows(DEGREE)
_THIRD = {highest: _rows(highest) for highest in (0, DEGREE)}


def _coupled(e: Emitter, row: _Row, x: Sequence[Any], y: Sequence[Any]) -> Any:
    """The row, without its weight."""
    total = None
    for size, terms in row.groups.items():
        some = None
        for sign, a, b in terms:
            some = e.signed_multiply_add(sign, x[a], y[b], some)
        total = some if size == 1 else e.multiply_add(e.constant(size), some, total)
    return total


def _add_products(
    e: Emitter, rows: Sequence[_Row], weights: Sequence[Any], x: Sequence[Any], y: Sequence[Any], out: list[Any]
) -> None:
    """Add the products of x and y to the components of `out`."""
    for row in rows:
        out[row.to] = e.multiply_add(weights[row.path], _coupled(e, row, x, y), out[row.to])


def _add_adjoint(
    e: Emitter,
    rows: Sequence[_Row],
    weights: Sequence[Any],
    x: Sequence[Any],
    y: Sequence[Any],
    by_out: Sequence[Any],
    by_x: list[Any],
    by_y: list[Any],
) -> None:
    """Add the derivatives by x and y."""
    for row in rows:
        by_row = e.multiply(weights[row.path], by_out[row.to])
        for size, terms in row.groups.items():
            scaled = by_row if size == 1 else e.multiply(e.constant(size), by_row)
            for sign, a, b in terms:
                by_x[a] = e.signed_multiply_add(sign, scaled, y[b], by_x[a])
                by_y[b] = e.signed_multiply_add(sign, scaled, x[a], by_y[b])


def _add_by_weights(
    e: Emitter,
    rows: Sequence[_Row],
    x: Sequence[Any],
    y: Sequence[Any],
    by_out: Sequence[Any],
    places: Sequence[Any],
    to: Any,
) -> None:
    """Add the derivatives by the weights to the array `to`."""
    sums: dict[int, Any] = {}
    for row in rows:
        sums[row.path] = e.multiply_add(_coupled(e, row, x, y), by_out[row.to], sums.get(row.path))
    for path, by_weight in sums.items():
        e.increase(to, places[path], by_weight)


def _forward(highest: int) -> Any:
    """The function that computes P and S.

    P, u and v have 9 components that are `step` numbers apart, s those of degrees up to `highest`; `at` and `at_s` are the first
    ones. `second` and `third` are the places of the weights of the atom's class.
    """
    n_out = (highest + 1) ** 2

    def emit(
        e: Emitter, p: Any, s: Any, u: Any, v: Any, at: Any, at_s: Any, step: Any, weights: Any, second: Any, third: Any,
        size: Any,
    ) -> None:  # fmt: skip
        with e.loop(size, LANES) as f:
            of_u, of_v = ([e.load(a, e.place(at, (c, step), f)) for c in range(COMPONENTS)] for a in (u, v))
            w2 = [e.load(weights, e.place(second, (k, size), f)) for k in range(len(paths(DEGREE)))]
            of_p: list[Any] = [None] * COMPONENTS
            _add_products(e, _SECOND, w2, of_u, of_v, of_p)
            for c in range(COMPONENTS):
                e.store(p, e.place(at, (c, step), f), of_p[c])
            w3 = [e.load(weights, e.place(third, (k, size), f)) for k in range(len(paths(highest)))]
            of_s = [e.add(of_u[c], of_p[c]) for c in range(n_out)]
            _add_products(e, _THIRD[highest], w3, of_p, of_u, of_s)
            for c in range(n_out):
                e.store(s, e.place(at_s, (c, step), f), of_s[c])

    @intrinsic
    def forward(
        typing: Any, p: Any, s: Any, u: Any, v: Any, at: Any, at_s: Any, step: Any, weights: Any, second: Any, third: Any,
        size: Any,
    ) -> Any:  # fmt: skip
        return emitted((p, s, u, v, at, at_s, step, weights, second, third, size), emit)

    return forward


def _reverse(highest: int, gradient: bool) -> Any:
    """The function that computes the derivatives by u and v, and adds those by the weights to `by_weights` where that is asked for."""
    n_out = (highest + 1) ** 2

    def emit(
        e: Emitter, by_u: Any, by_v: Any, by_s: Any, u: Any, v: Any, p: Any, at: Any, at_s: Any, step: Any, weights: Any,
        second: Any, third: Any, size: Any, by_weights: Any,
    ) -> None:  # fmt: skip
        with e.loop(size, LANES) as f:
            of_u, of_v, of_p = ([e.load(a, e.place(at, (c, step), f)) for c in range(COMPONENTS)] for a in (u, v, p))
            of_s = [e.load(by_s, e.place(at_s, (c, step), f)) for c in range(n_out)]
            places2 = [e.place(second, (k, size), f) for k in range(len(paths(DEGREE)))]
            places3 = [e.place(third, (k, size), f) for k in range(len(paths(highest)))]
            w2, w3 = ([e.load(weights, place) for place in places] for places in (places2, places3))
            nothing: list[Any] = [None] * (COMPONENTS - n_out)
            to_p, to_u = [*of_s, *nothing], [*of_s, *nothing]
            to_v: list[Any] = [None] * COMPONENTS
            _add_adjoint(e, _THIRD[highest], w3, of_p, of_u, of_s, to_p, to_u)
            _add_adjoint(e, _SECOND, w2, of_u, of_v, to_p, to_u, to_v)
            for c in range(COMPONENTS):
                e.store(by_u, e.place(at, (c, step), f), to_u[c])
                e.store(by_v, e.place(at, (c, step), f), to_v[c])
            if gradient:
                _add_by_weights(e, _THIRD[highest], of_p, of_u, of_s, places3, by_weights)
                _add_by_weights(e, _SECOND, of_u, of_v, to_p, places2, by_weights)

    @intrinsic
    def reverse(
        typing: Any, by_u: Any, by_v: Any, by_s: Any, u: Any, v: Any, p: Any, at: Any, at_s: Any, step: Any, weights: Any,
        second: Any, third: Any, size: Any, by_weights: Any,
    ) -> Any:  # fmt: skip
        types = (by_u, by_v, by_s, u, v, p, at, at_s, step, weights, second, third, size, by_weights)
        return emitted(types, emit)

    return reverse


couple, couple_scalar = _forward(DEGREE), _forward(0)
couple_reverse, couple_scalar_reverse = _reverse(DEGREE, gradient=False), _reverse(0, gradient=False)
couple_gradient, couple_scalar_gradient = _reverse(DEGREE, gradient=True), _reverse(0, gradient=True)
