"""Vectors of `WIDTH` numbers for compiled loops: what the processor's registers hold, written out.

LLVM turns a plain loop over features into vector instructions only behind checks, at run time, that no two of its rows overlap;
for loops as short as these, that costs more than the arithmetic. With vectors as values, a row stays in registers while
the loop over its neighbours runs. Array elements are addressed by their place in the array's memory: no sign, no bound and no
reference count is looked at, so only inner loops that are sure of their places may use these functions.

    load(a, place), store(a, place, v)      WIDTH numbers from that place on
    item(a, place), put(a, place, x)        one number
    splat(x), total(v), v + w, v * w
"""

from __future__ import annotations

import operator
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, overload, register_model

from supple.neural.compiled import WIDTH

_VECTOR = ir.VectorType(ir.FloatType(), WIDTH)
_INT = ir.IntType(32)
#: Multiplications and additions may be fused; nothing is reordered.
_FLAGS = ("contract", "nsz")


class _Lanes(types.Type):
    """Numba's type of a vector."""

    def __init__(self) -> None:
        super().__init__(name=f"Lanes({WIDTH})")


_LANES = _Lanes()


@register_model(_Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, of: Any) -> None:
        super().__init__(manager, of, _VECTOR)


def _pointer(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """To the place (second argument) in the array (first argument)."""
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    place = context.cast(builder, arguments[1], signature.args[1], types.intp)
    return builder.gep(array.data, [place], inbounds=True)


def _vectors(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    return builder.bitcast(_pointer(context, builder, signature, arguments), _VECTOR.as_pointer())


def _contiguous(array: Any) -> bool:
    return isinstance(array, types.Array) and array.layout == "C"


@intrinsic
def load(typing: Any, array: Any, place: Any) -> Any:
    """The vector at this place."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_vectors(context, builder, signature, arguments), align=4)

    return (_LANES(array, place), generate) if _contiguous(array) and array.dtype == types.float32 else None


@intrinsic
def store(typing: Any, array: Any, place: Any, vector: Any) -> Any:
    """Put a vector to this place."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.store(arguments[2], _vectors(context, builder, signature, arguments), align=4)
        return context.get_dummy_value()

    fits = _contiguous(array) and array.dtype == types.float32
    return (types.none(array, place, _LANES), generate) if fits else None


@intrinsic
def item(typing: Any, array: Any, place: Any) -> Any:
    """The number at this place."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_pointer(context, builder, signature, arguments))

    return (array.dtype(array, place), generate) if _contiguous(array) else None


@intrinsic
def put(typing: Any, array: Any, place: Any, number: Any) -> Any:
    """Put a number to this place."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.store(arguments[2], _pointer(context, builder, signature, arguments))
        return context.get_dummy_value()

    return (types.none(array, place, array.dtype), generate) if _contiguous(array) else None


@intrinsic
def splat(typing: Any, number: Any) -> Any:
    """A vector of one number."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        nothing = ir.Constant(_VECTOR, ir.Undefined)
        first = builder.insert_element(nothing, arguments[0], ir.Constant(_INT, 0))
        return builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(_INT, WIDTH), [0] * WIDTH))

    return _LANES(types.float32), generate


@intrinsic
def total(typing: Any, vector: Any) -> Any:
    """The sum of a vector's numbers."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(ir.FloatType(), [ir.FloatType(), _VECTOR])
        function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.vector.reduce.fadd.v{WIDTH}f32")
        # The processor's order of summation, rather than one number after the other.
        return builder.call(function, [ir.Constant(ir.FloatType(), -0.0), arguments[0]], fastmath=("reassoc", *_FLAGS))

    return types.float32(_LANES), generate


@intrinsic
def _product(typing: Any, a: Any, b: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fmul(*arguments, flags=_FLAGS)

    return _LANES(_LANES, _LANES), generate


@intrinsic
def _sum(typing: Any, a: Any, b: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fadd(*arguments, flags=_FLAGS)

    return _LANES(_LANES, _LANES), generate


def _operator(symbol: Any, function: Any) -> None:
    def typed(a: Any, b: Any) -> Any:
        fits = isinstance(a, _Lanes) and isinstance(b, _Lanes)
        return (lambda a, b: function(a, b)) if fits else None  # noqa: PLW0108 (Numba takes plain functions only)

    overload(symbol, inline="always", strict=False)(typed)


for _symbol, _function in (
    (operator.mul, _product),
    (operator.imul, _product),
    (operator.add, _sum),
    (operator.iadd, _sum),
):
    _operator(_symbol, _function)
