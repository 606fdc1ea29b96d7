"""SIMD vectors of `SINGLES` or `DOUBLES` numbers as values in compiled loops, held in the processor's registers.

LLVM vectorises a plain loop over features only behind run-time checks that its rows do not overlap; for loops as short as these, the
checks cost more than the arithmetic. With vectors as values, a row stays in registers while the loop over its neighbours runs. Array
elements are addressed by their offset in memory, without checks of sign or bounds and without reference counts, so use these functions
only in inner loops whose offsets are known to be valid.

    load(a, place), store(a, place, v)      a whole vector, from this offset on
    item(a, place), put(a, place, x)        one number
    splat(x), total(v), v + w, v - w, v * w
    root(v), larger(v, w)                   square root and maximum, double precision only
    power_of_two(v)                         2^v for integers v from -1022 to 1023, double precision only
"""

from __future__ import annotations

import operator
from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, overload, register_model

#: Numbers in a vector of single precision: four of the 16 registers of 8 numbers that a processor with AVX2 has.
SINGLES = 32
#: Numbers in a vector of double precision: one register, 8 wide with AVX-512 and 4 wide otherwise.
DOUBLES = 8 if binding.get_host_cpu_features().get("avx512f") else 4

_INT = ir.IntType(32)
#: Multiplications and additions may be fused, but nothing is reordered.
_FLAGS = ("contract", "nsz")


class _Lanes(types.Type):
    """The Numba type of a vector."""

    def __init__(self, number: Any, vector: Any) -> None:
        super().__init__(name=f"Lanes({number}, {vector.count})")
        self.number, self.vector = number, vector


_SINGLES = _Lanes(types.float32, ir.VectorType(ir.FloatType(), SINGLES))
_DOUBLES = _Lanes(types.float64, ir.VectorType(ir.DoubleType(), DOUBLES))


def _lanes(number: Any) -> _Lanes | None:
    """The vector type for this type of number."""
    return {types.float32: _SINGLES, types.float64: _DOUBLES}.get(number)


@register_model(_Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, of: Any) -> None:
        super().__init__(manager, of, of.vector)


def _pointer(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """A pointer to the offset (second argument) in the array (first argument)."""
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    place = context.cast(builder, arguments[1], signature.args[1], types.intp)
    return builder.gep(array.data, [place], inbounds=True)


def _vectors(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    lanes = _lanes(signature.args[0].dtype)
    assert lanes is not None
    return builder.bitcast(_pointer(context, builder, signature, arguments), lanes.vector.as_pointer())


def _contiguous(array: Any) -> bool:
    return isinstance(array, types.Array) and array.layout == "C"


def _lanes_of(array: Any) -> _Lanes | None:
    """The vector type for the elements of a contiguous array."""
    return _lanes(array.dtype) if _contiguous(array) else None


@intrinsic
def load(typing: Any, array: Any, place: Any) -> Any:
    """The vector at this offset."""
    lanes = _lanes_of(array)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_vectors(context, builder, signature, arguments), align=array.dtype.bitwidth // 8)

    return (lanes(array, place), generate) if lanes else None


@intrinsic
def store(typing: Any, array: Any, place: Any, vector: Any) -> Any:
    """Store a vector at this offset."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        places = _vectors(context, builder, signature, arguments)
        builder.store(arguments[2], places, align=array.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return (types.none(array, place, vector), generate) if _lanes_of(array) == vector else None


@intrinsic
def item(typing: Any, array: Any, place: Any) -> Any:
    """The number at this offset."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_pointer(context, builder, signature, arguments))

    return (array.dtype(array, place), generate) if _contiguous(array) else None


@intrinsic
def put(typing: Any, array: Any, place: Any, number: Any) -> Any:
    """Store a number at this offset."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.store(arguments[2], _pointer(context, builder, signature, arguments))
        return context.get_dummy_value()

    return (types.none(array, place, array.dtype), generate) if _contiguous(array) else None


@intrinsic
def splat(typing: Any, number: Any) -> Any:
    """A vector with the same number in every lane."""
    lanes = _lanes(number)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector = signature.return_type.vector
        nothing = ir.Constant(vector, ir.Undefined)
        first = builder.insert_element(nothing, arguments[0], ir.Constant(_INT, 0))
        return builder.shuffle_vector(
            first, nothing, ir.Constant(ir.VectorType(_INT, vector.count), [0] * vector.count)
        )

    return (lanes(number), generate) if lanes else None


@intrinsic
def total(typing: Any, vector: Any) -> Any:
    """The sum over the lanes of a vector."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        lanes = vector.vector
        kind = ir.FunctionType(lanes.element, [lanes.element, lanes])
        name = f"llvm.vector.reduce.fadd.v{lanes.count}f{vector.number.bitwidth}"
        function = cgutils.get_or_insert_function(builder.module, kind, name)
        # In whatever order is fastest on the processor, rather than one number after another.
        start = ir.Constant(lanes.element, -0.0)
        return builder.call(function, [start, arguments[0]], fastmath=("reassoc", *_FLAGS))

    return (vector.number(vector), generate) if isinstance(vector, _Lanes) else None


def _of_two(operation: str) -> Any:
    """An operation on two vectors of the same type."""

    def typed(typing: Any, a: Any, b: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return getattr(builder, operation)(*arguments, flags=_FLAGS)

        return a(a, b), generate

    return intrinsic(typed)


_product, _sum, _difference = _of_two("fmul"), _of_two("fadd"), _of_two("fsub")


@intrinsic
def root(typing: Any, vector: Any) -> Any:
    """Square roots."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        lanes = vector.vector
        name = f"llvm.sqrt.v{lanes.count}f64"
        function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(lanes, [lanes]), name)
        return builder.call(function, arguments)

    return (vector(vector), generate) if vector == _DOUBLES else None


@intrinsic
def larger(typing: Any, a: Any, b: Any) -> Any:
    """The elementwise maximum; the first number where either is NaN."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.select(builder.fcmp_ordered("<", *arguments), arguments[1], arguments[0])

    return (a(a, b), generate) if a == b == _DOUBLES else None


@intrinsic
def power_of_two(typing: Any, vector: Any) -> Any:
    """2^v for integers v, by writing the exponent bits."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        lanes = vector.vector
        whole = ir.VectorType(ir.IntType(64), lanes.count)
        # After the addition of so large a number, the last bits of the mantissa hold v + 1023.
        large = ir.Constant(lanes, [3.0 * 2.0**51 + 1023] * lanes.count)
        bits = builder.bitcast(builder.fadd(arguments[0], large), whole)
        return builder.bitcast(builder.shl(bits, ir.Constant(whole, [52] * lanes.count)), lanes)

    return (vector(vector), generate) if vector == _DOUBLES else None


def _operator(symbol: Any, function: Any) -> None:
    def typed(a: Any, b: Any) -> Any:
        fits = isinstance(a, _Lanes) and a == b
        return (lambda a, b: function(a, b)) if fits else None  # noqa: PLW0108 (Numba accepts plain functions only)

    overload(symbol, inline="always", strict=False)(typed)


for _symbol, _function in (
    (operator.mul, _product),
    (operator.imul, _product),
    (operator.add, _sum),
    (operator.iadd, _sum),
    (operator.sub, _difference),
    (operator.isub, _difference),
):
    _operator(_symbol, _function)
