"""Threads that do one thing together, phase by phase, without leaving compiled code.

To hand work to another thread of Python's takes a tenth of a millisecond, which is what a phase of a training step lasts.
Here every thread runs the whole of it on its own share, and `meet` is where each waits for all others: it looks again and again,
and rests only when that takes long, as it does where the cores have other work.

    cells = meeting_point() ;  in each thread:  own phase ;  meet(cells, team) ;  next phase ; ...

The cells: how many are here, the number of the meeting, and whether it is called off; each in a cache line of its own.
"""

from __future__ import annotations

from typing import Any, no_type_check

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from supple.models.neural.compiled.jit import compiled

_HERE, _MEETING, _OFF = 0, 16, 32
#: Looks before a thread rests: some fifty microseconds.
_PATIENCE = 20_000
#: Microseconds of rest.
_MOMENT = 50


def meeting_point() -> np.ndarray:
    """Cells for one team."""
    return np.zeros(48, np.int64)


def call_off(cells: np.ndarray) -> None:
    """Let those who wait for a thread that never came go."""
    cells[_OFF] = 1


@compiled
@no_type_check
def meet(cells, team):
    """Wait for all threads of a team; False when the meeting is called off."""
    if team > 1:
        meeting = _look(cells, _MEETING)
        if _add(cells, _HERE, 1) == team - 1:
            _add(cells, _HERE, -team)
            _add(cells, _MEETING, 1)
        else:
            looks = 0
            while _look(cells, _MEETING) == meeting:
                if _look(cells, _OFF):
                    return False
                looks += 1
                if looks > _PATIENCE:
                    _rest()
    return True


@compiled
@no_type_check
def share(n, me, team):
    """The part of n things that is for a thread: from, to."""
    return n * me // team, n * (me + 1) // team


def _cell(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    return builder.gep(array.data, [context.cast(builder, arguments[1], signature.args[1], types.intp)])


@intrinsic
def _look(typing: Any, cells: Any, place: Any) -> Any:
    """The number in a cell, as all threads see it."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load_atomic(_cell(context, builder, signature, arguments), "seq_cst", 8)

    return types.int64(cells, place), generate


@intrinsic
def _add(typing: Any, cells: Any, place: Any, number: Any) -> Any:
    """Add to a cell; returns what was there before."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        number = context.cast(builder, arguments[2], signature.args[2], types.int64)
        return builder.atomic_rmw("add", _cell(context, builder, signature, arguments), number, "seq_cst")

    return types.int64(cells, place, number), generate


@intrinsic
def _rest(typing: Any) -> Any:
    """Let others run on this core for a moment. (To yield is not enough: the scheduler comes back at once.)"""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        number = ir.IntType(32)
        function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(number, [number]), "usleep")
        builder.call(function, [ir.Constant(number, _MOMENT)])
        return context.get_dummy_value()

    return types.none(), generate
