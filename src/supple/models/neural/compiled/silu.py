"""The activation z σ(z) and its derivative σ(z) (1 + z (1 - σ(z)))."""

from __future__ import annotations

from typing import Any

from numba.extending import intrinsic

from supple.runtime.jit.straight_line import LANES, Emitter, emitted


def _emit(e: Emitter, z: Any, activated: Any, slope: Any, at: Any, size: Any) -> None:
    one = e.constant(1.0)
    with e.loop(size, LANES) as f:
        here = e.place(at, f)
        x = e.load(z, here)
        sigma = e.divide(one, e.add(one, e.exponential(e.negative(x))))
        value = e.multiply(x, sigma)
        e.store(activated, here, value)
        e.store(slope, here, e.multiply_add(value, e.subtract(one, sigma), sigma))


@intrinsic
def silu(typing: Any, z: Any, activated: Any, slope: Any, at: Any, size: Any) -> Any:
    """Fill `activated` and `slope` from this place on; `size` is a multiple of LANES."""
    return emitted((z, activated, slope, at, size), _emit)
