"""The terms of one pair of atoms in the sums over neighbours, in one geometry, and their adjoint, as straight-line code.

    A^l_i = Σ_j [ W^l(r) Y_l(u) h⁰_j + W'^l(r) h^l_j ]                       W' only where h has components beyond the scalar

A pair is visited once, for both of its atoms: W(r) is the same for both, and Y_l(-u) = (-1)^l Y_l(u). `w` has the channels of W^0 to W^2
and of W'^0 to W'^2, one after the other. `y` has Y_1 to Y_8, and then u, of each pair (`geometry.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numba.extending import intrinsic

from supple.models.neural.bespoke.harmonics import COMPONENTS, DEGREE, DEGREES, quadratic_forms
from supple.runtime.jit.straight_line import LANES, Emitter, emitted

#: Numbers in `y` for each pair, and the place of u among them.
PAIR_VALUES, UNIT = 12, 8
#: Of a pair, the derivatives of the energy by u and by r.
PULL = 4
_SIGNS = tuple((-1.0) ** degree for degree in DEGREES)
_PARTS = [tuple(range(degree**2, (degree + 1) ** 2)) for degree in range(DEGREE + 1)]


def _numbers(e: Emitter, y: Any, at_y: Any) -> list[Any]:
    """Y_0 to Y_8; that of Y_0 = 1 is None."""
    return [None, *(e.number(y, e.place(at_y, c - 1)) for c in range(1, COMPONENTS))]


def _forward(tensors: bool) -> Any:
    """The function that adds the terms of atoms i and j to `a`.

    `at_i` and `at_j` are the places of their scalars in `a`, `from_i` and `from_j` in `h`; components are `step` numbers apart.
    """

    def emit(
        e: Emitter, a: Any, at_i: Any, at_j: Any, h: Any, from_i: Any, from_j: Any, step: Any, w: Any, at_w: Any, y: Any,
        at_y: Any, size: Any,
    ) -> None:  # fmt: skip
        numbers = _numbers(e, y, at_y)
        with e.loop(size, LANES) as f:
            filters = [e.load(w, e.place(at_w, (k, size), f)) for k in range((DEGREE + 1) * (2 if tensors else 1))]
            for to, of, back in ((at_i, from_j, False), (at_j, from_i, True)):
                x = [e.load(h, e.place(of, (c, step), f)) for c in range(COMPONENTS if tensors else 1)]
                passed = [e.multiply(filters[degree], x[0]) for degree in range(DEGREE + 1)]
                for c, degree in enumerate(DEGREES):
                    here = e.place(to, (c, step), f)
                    total = e.load(a, here)
                    sign = _SIGNS[c] if back else 1.0
                    total = (
                        e.add(total, passed[0])
                        if c == 0
                        else e.signed_multiply_add(sign, numbers[c], passed[degree], total)
                    )
                    if tensors:
                        total = e.multiply_add(filters[DEGREE + 1 + degree], x[c], total)
                    e.store(a, here, total)

    @intrinsic
    def forward(
        typing: Any, a: Any, at_i: Any, at_j: Any, h: Any, from_i: Any, from_j: Any, step: Any, w: Any, at_w: Any, y: Any,
        at_y: Any, size: Any,
    ) -> Any:  # fmt: skip
        return emitted((a, at_i, at_j, h, from_i, from_j, step, w, at_w, y, at_y, size), emit)

    return forward


class _Reverse:
    """Writes the adjoint of a pair's terms for one vector of channels."""

    def __init__(self, e: Emitter, numbers: Sequence[Any], filters: Sequence[Any]) -> None:
        self.e, self.numbers, self.filters = e, numbers, filters
        self.by_filters: list[Any] = [None] * len(filters)
        self.by_harmonics: list[Any] = [None] * COMPONENTS

    def direction(self, back: bool, g: Sequence[Any], x: Sequence[Any], by_unit: bool, by_x: bool) -> list[Any]:
        """The terms of the sum at one atom, with the derivatives g by it, and x of the other; returns the derivatives by x."""
        e, n = self.e, DEGREE + 1
        found: list[Any] = [None] * len(x)
        for degree, part in enumerate(_PARTS):
            sign = _SIGNS[part[0]] if back else 1.0
            along = None
            for c in part:
                along = g[c] if self.numbers[c] is None else e.multiply_add(self.numbers[c], g[c], along)
            if sign < 0:
                along = e.negative(along)
            self.by_filters[degree] = e.multiply_add(along, x[0], self.by_filters[degree])
            if by_x:
                found[0] = e.multiply_add(self.filters[degree], along, found[0])
            if by_unit and degree > 0:
                passed = e.multiply(self.filters[degree], x[0])
                for c in part:
                    self.by_harmonics[c] = e.signed_multiply_add(sign, g[c], passed, self.by_harmonics[c])
            if len(x) > 1:
                for c in part:
                    self.by_filters[n + degree] = e.multiply_add(g[c], x[c], self.by_filters[n + degree])
                    if by_x:
                        found[c] = e.multiply_add(self.filters[n + degree], g[c], found[c])
        return found

    def by_unit(self, unit: Sequence[Any]) -> list[Any]:
        """The derivatives by u: Σ_c ∂Y_c/∂u by_harmonics_c."""
        e = self.e
        forms = quadratic_forms()
        found: list[Any] = []
        for axis in range(1, 4):
            total = None
            for b in range(4):
                some = None
                for c in range(1, COMPONENTS):
                    if forms[c, axis, b]:
                        some = e.multiply_add(e.constant(2 * forms[c, axis, b]), self.by_harmonics[c], some)
                if some is not None:
                    total = some if b == 0 else e.multiply_add(unit[b - 1], some, total)
            found.append(total)
        return found


def _reverse(tensors: bool, gradient: bool) -> Any:
    """The function that takes the derivatives `g` by the sums back.

    For the forces: it adds the derivatives by u and r to `pull`, and those by h to `by_h` if h has tensors (otherwise h does not move
    with the atoms); `more` has the derivatives of w by r. For the gradient: it stores those by w in `more`, and adds those by h.
    """
    n_filters, n_h = (DEGREE + 1) * (2 if tensors else 1), COMPONENTS if tensors else 1

    def emit(
        e: Emitter, g: Any, at_i: Any, at_j: Any, h: Any, by_h: Any, from_i: Any, from_j: Any, step: Any, w: Any,
        more: Any, at_w: Any, y: Any, at_y: Any, pull: Any, at_pull: Any, size: Any,
    ) -> None:  # fmt: skip
        numbers = _numbers(e, y, at_y)
        unit = [e.number(y, e.place(at_y, UNIT + axis)) for axis in range(3)]
        sums = [] if gradient else [e.variable(e.constant(0.0)) for _ in range(PULL)]
        by_x = tensors or gradient
        with e.loop(size, LANES) as f:
            places_w = [e.place(at_w, (k, size), f) for k in range(n_filters)]
            adjoint = _Reverse(e, numbers, [e.load(w, place) for place in places_w])
            for to, of, back in ((at_i, from_j, False), (at_j, from_i, True)):
                by_sum = [e.load(g, e.place(to, (c, step), f)) for c in range(COMPONENTS)]
                x = [e.load(h, e.place(of, (c, step), f)) for c in range(n_h)]
                found = adjoint.direction(back, by_sum, x, by_unit=not gradient, by_x=by_x)
                if by_x:
                    for c in range(n_h):
                        e.increase(by_h, e.place(of, (c, step), f), found[c])
            if gradient:
                for place, by_filter in zip(places_w, adjoint.by_filters, strict=True):
                    e.store(more, place, by_filter)
            else:
                slope = e.get(sums[3])
                for place, by_filter in zip(places_w, adjoint.by_filters, strict=True):
                    slope = e.multiply_add(by_filter, e.load(more, place), slope)
                e.set(sums[3], slope)
                for total, by_axis in zip(sums, adjoint.by_unit(unit), strict=False):
                    e.set(total, e.add(e.get(total), by_axis))
        for k, total in enumerate(sums):
            e.increase_number(pull, e.place(at_pull, k), e.total(e.get(total)))

    @intrinsic
    def reverse(
        typing: Any, g: Any, at_i: Any, at_j: Any, h: Any, by_h: Any, from_i: Any, from_j: Any, step: Any, w: Any,
        more: Any, at_w: Any, y: Any, at_y: Any, pull: Any, at_pull: Any, size: Any,
    ) -> Any:  # fmt: skip
        types = (g, at_i, at_j, h, by_h, from_i, from_j, step, w, more, at_w, y, at_y, pull, at_pull, size)
        return emitted(types, emit)

    return reverse


add_scalars, add_tensors = _forward(tensors=False), _forward(tensors=True)
scalars_reverse, tensors_reverse = _reverse(tensors=False, gradient=False), _reverse(tensors=True, gradient=False)
scalars_gradient, tensors_gradient = _reverse(tensors=False, gradient=True), _reverse(tensors=True, gradient=True)
