"""Straight-line SIMD code, written by Python functions that run when a loop is compiled.

The inner part of some loops is a long list of multiplications and additions that a table prescribes: the nonzero coefficients of a
coupling, for example. Written out in Python they would fill pages; in a loop over the table, the processor would read the table.
An `Emitter` writes the instructions instead, one call for each, into an intrinsic function of Numba. Its values are vectors of LANES
numbers in single precision: one register with AVX-512, two with AVX2.

Array elements are addressed by their offset, without checks, as in vectors.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

#: Numbers in a vector.
LANES = 16

_FLOAT, _INT, _PLACE = ir.FloatType(), ir.IntType(32), ir.IntType(64)
_VECTOR = ir.VectorType(_FLOAT, LANES)
#: Multiplications and additions may be fused, but nothing is reordered.
_FLAGS = ("contract", "nsz")
#: Exponents of e, in the exponential.
_LARGEST = 87.0
#: Order of the polynomial, and ln 2 in two parts, the first with few digits.
_ORDER, _LN2_HIGH = 7, 0.693359375
_LN2_LOW = math.log(2) - _LN2_HIGH


def emitted(argument_types: Sequence[Any], emit: Callable[..., None]) -> Any:
    """The result of an intrinsic function's typing: nothing is returned, and `emit` writes the instructions.

    Args:
        argument_types: of Numba; arrays of single precision and integers.
        emit: receives an emitter and, for each argument, a pointer to the array's first element or the integer.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        values = []
        for of, value in zip(signature.args, arguments, strict=True):
            if isinstance(of, types.Array):
                values.append(context.make_array(of)(context, builder, value).data)
            elif isinstance(of, types.Float):
                values.append(context.cast(builder, value, of, types.float32))
            else:
                values.append(context.cast(builder, value, of, types.intp))
        emit(Emitter(builder), *values)
        return context.get_dummy_value()

    return types.none(*argument_types), generate


class Emitter:
    """Writes instructions on vectors. Places are offsets, as integers of LLVM or of Python."""

    def __init__(self, builder: Any) -> None:
        self._builder = builder

    # Integers

    def place(self, *terms: Any) -> Any:
        """The sum of integers; a pair is a product."""
        total = None
        for term in terms:
            value = self._product(term) if isinstance(term, tuple) else self._whole(term)
            total = value if total is None else self._builder.add(total, value)
        return total

    def difference(self, a: Any, b: Any) -> Any:
        """A - b, integers."""
        return self._builder.sub(self._whole(a), self._whole(b))

    def _product(self, pair: tuple[Any, Any]) -> Any:
        return self._builder.mul(self._whole(pair[0]), self._whole(pair[1]))

    def _whole(self, number: Any) -> Any:
        return ir.Constant(_PLACE, number) if isinstance(number, int) else number

    @contextmanager
    def loop(self, stop: Any, step: int = 1) -> Iterator[Any]:
        """The instructions in this block are repeated for 0, step, ... below stop."""
        with cgutils.for_range_slice(
            self._builder, ir.Constant(_PLACE, 0), self._whole(stop), ir.Constant(_PLACE, step), _PLACE
        ) as (index, _):
            yield index

    @contextmanager
    def where(self, number: Any, equals: int) -> Iterator[None]:
        """The instructions in this block are run if an integer has this value."""
        with self._builder.if_then(self._builder.icmp_signed("==", number, ir.Constant(_PLACE, equals))):
            yield

    # Memory

    def load(self, array: Any, place: Any) -> Any:
        """The vector from this place on."""
        return self._builder.load(self._vectors(array, place), align=4)

    def store(self, array: Any, place: Any, vector: Any) -> None:
        """Store a vector."""
        self._builder.store(vector, self._vectors(array, place), align=4)

    def increase(self, array: Any, place: Any, vector: Any) -> None:
        """Add a vector to the one at this place."""
        self.store(array, place, self.add(self.load(array, place), vector))

    def number(self, array: Any, place: Any) -> Any:
        """The number at this place, in every lane."""
        return self.splat(self._builder.load(self._builder.gep(array, [self._whole(place)])))

    def increase_number(self, array: Any, place: Any, number: Any) -> None:
        """Add to the number at this place."""
        here = self._builder.gep(array, [self._whole(place)])
        self._builder.store(self._builder.fadd(self._builder.load(here), number, flags=_FLAGS), here)

    def _vectors(self, array: Any, place: Any) -> Any:
        return self._builder.bitcast(self._builder.gep(array, [self._whole(place)]), _VECTOR.as_pointer())

    def variable(self, start: Any) -> Any:
        """A vector that changes in a loop: for `get` and `set`."""
        cell = cgutils.alloca_once(self._builder, _VECTOR)
        self._builder.store(start, cell)
        return cell

    def get(self, variable: Any) -> Any:
        """Its present value."""
        return self._builder.load(variable)

    def set(self, variable: Any, vector: Any) -> None:
        """A new value."""
        self._builder.store(vector, variable)

    # Vectors

    def constant(self, number: float) -> Any:
        """The same number in every lane."""
        return ir.Constant(_VECTOR, [number] * LANES)

    def splat(self, number: Any) -> Any:
        """A number of LLVM in every lane."""
        nothing = ir.Constant(_VECTOR, ir.Undefined)
        first = self._builder.insert_element(nothing, number, ir.Constant(_INT, 0))
        return self._builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(_INT, LANES), [0] * LANES))

    def add(self, a: Any, b: Any) -> Any:
        """A + b"""
        return self._builder.fadd(a, b, flags=_FLAGS)

    def subtract(self, a: Any, b: Any) -> Any:
        """A - b"""
        return self._builder.fsub(a, b, flags=_FLAGS)

    def multiply(self, a: Any, b: Any) -> Any:
        """A b"""
        return self._builder.fmul(a, b, flags=_FLAGS)

    def multiply_add(self, a: Any, b: Any, to: Any | None) -> Any:
        """A b + to; `to` may be None, for nothing."""
        product = self.multiply(a, b)
        return product if to is None else self.add(to, product)

    def signed_multiply_add(self, sign: float, a: Any, b: Any, to: Any | None) -> Any:
        """± a b + to, with the sign of a number."""
        if sign > 0:
            return self.multiply_add(a, b, to)
        product = self.multiply(a, b)
        return self.negative(product) if to is None else self.subtract(to, product)

    def negative(self, a: Any) -> Any:
        """-a"""
        return self._builder.fneg(a)

    def divide(self, a: Any, b: Any) -> Any:
        """A / b"""
        return self._builder.fdiv(a, b, flags=_FLAGS)

    def exponential(self, x: Any) -> Any:
        """eˣ, to the last digit or two; x beyond ±87 counts as ±87.

        With x = k ln 2 + rest, |rest| < 0.35, it is 2^k times a Taylor polynomial; a power of two is an exponent's bits.
        """
        builder, whole = self._builder, ir.VectorType(_INT, LANES)
        low, high = self.constant(-_LARGEST), self.constant(_LARGEST)
        x = builder.select(builder.fcmp_ordered("<", x, low), low, x)
        x = builder.select(builder.fcmp_ordered(">", x, high), high, x)
        kind = ir.FunctionType(_VECTOR, [_VECTOR])
        nearest = cgutils.get_or_insert_function(builder.module, kind, f"llvm.rint.v{LANES}f32")
        k = builder.call(nearest, [self.multiply(x, self.constant(math.log2(math.e)))])
        rest = self.subtract(
            self.subtract(x, self.multiply(k, self.constant(_LN2_HIGH))), self.multiply(k, self.constant(_LN2_LOW))
        )
        series = self.constant(1 / math.factorial(_ORDER))
        for n in range(_ORDER - 1, -1, -1):
            series = self.multiply_add(rest, series, self.constant(1 / math.factorial(n)))
        exponent = builder.add(builder.fptosi(k, whole), ir.Constant(whole, [127] * LANES))
        return self.multiply(series, builder.bitcast(builder.shl(exponent, ir.Constant(whole, [23] * LANES)), _VECTOR))

    def total(self, vector: Any) -> Any:
        """The sum over the lanes, as a number of LLVM."""
        kind = ir.FunctionType(_FLOAT, [_FLOAT, _VECTOR])
        function = cgutils.get_or_insert_function(self._builder.module, kind, f"llvm.vector.reduce.fadd.v{LANES}f32")
        return self._builder.call(function, [ir.Constant(_FLOAT, -0.0), vector], fastmath=("reassoc", *_FLAGS))
