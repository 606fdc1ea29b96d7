"""A team of threads that work phase by phase, synchronised by a barrier, without leaving compiled code.

Handing work to another thread from Python takes a tenth of a millisecond, as long as a phase of a training step. Here every thread
runs all phases on its own share, and waits for the others at a barrier between them. It polls, and sleeps only if that takes long,
as when the cores are busy with other work.

    barrier = new_barrier() ;  in each thread:  own phase ;  wait(barrier, team) ;  next phase ; ...

The cells of a barrier: the number of threads that have arrived, the number of the phase, and whether the team was aborted; each in a
cache line of its own.
"""

from __future__ import annotations

from typing import Any, no_type_check

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from supple.models.neural.compiled.jit import compiled

_ARRIVED, _PHASE, _ABORTED = 0, 16, 32
#: Polls before a thread sleeps: some fifty microseconds.
_POLLS = 20_000
#: Microseconds to sleep.
_SLEEP = 50


def new_barrier() -> np.ndarray:
    """The cells of a barrier for one team."""
    return np.zeros(48, np.int64)


def abort(barrier: np.ndarray) -> None:
    """Release all threads that wait for one that will not arrive."""
    barrier[_ABORTED] = 1


@compiled
@no_type_check
def wait(barrier, team):
    """Wait for all threads of a team; False if the team was aborted."""
    if team > 1:
        phase = _load(barrier, _PHASE)
        if _add(barrier, _ARRIVED, 1) == team - 1:
            _add(barrier, _ARRIVED, -team)
            _add(barrier, _PHASE, 1)
        else:
            polls = 0
            while _load(barrier, _PHASE) == phase:
                if _load(barrier, _ABORTED):
                    return False
                polls += 1
                if polls > _POLLS:
                    _sleep()
    return True


@compiled
@no_type_check
def share(n, thread, team):
    """The part of n items that belongs to a thread: from, to."""
    return n * thread // team, n * (thread + 1) // team


def _cell(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    return builder.gep(array.data, [context.cast(builder, arguments[1], signature.args[1], types.intp)])


@intrinsic
def _load(typing: Any, cells: Any, place: Any) -> Any:
    """The number in a cell, as all threads see it."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load_atomic(_cell(context, builder, signature, arguments), "seq_cst", 8)

    return types.int64(cells, place), generate


@intrinsic
def _add(typing: Any, cells: Any, place: Any, number: Any) -> Any:
    """Add to a cell; returns its value before."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        number = context.cast(builder, arguments[2], signature.args[2], types.int64)
        return builder.atomic_rmw("add", _cell(context, builder, signature, arguments), number, "seq_cst")

    return types.int64(cells, place, number), generate


@intrinsic
def _sleep(typing: Any) -> Any:
    """Let others use this core for a moment. (Yielding is not enough: the scheduler returns at once.)"""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        number = ir.IntType(32)
        function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(number, [number]), "usleep")
        builder.call(function, [ir.Constant(number, _SLEEP)])
        return context.get_dummy_value()

    return types.none(), generate
