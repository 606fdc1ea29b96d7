"""The time of one step of dynamics: one energy and its forces for a single geometry, as an integrator asks for them."""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from supple.errors import CalculationError

if TYPE_CHECKING:
    from supple.models.potential import Potential

#: Most geometries that are timed, and the seconds after which no further one is.
_TIMED, _ENOUGH = 20, 0.5
#: Å by which each is displaced: a method whose result for a geometry is known would not be called for it.
_DISPLACEMENT = 1e-3


def step_seconds(potential: Potential, positions: Float[np.ndarray, "M N 3"]) -> float | None:
    """The median time of a prediction for one geometry, in s; None where the method that the force field calls fails.

    Args:
        potential: the force field.
        positions: geometries in Å; a few of them are used.
    """
    rng, seconds = np.random.default_rng(0), []
    try:
        for frame in np.concatenate([positions[:1], positions[:_TIMED]]):
            moved = frame + _DISPLACEMENT * rng.standard_normal(frame.shape)
            started = time.perf_counter()
            potential.predict(moved[None])
            seconds.append(time.perf_counter() - started)
            if sum(seconds) > _ENOUGH and len(seconds) > 1:
                break
    except CalculationError:
        return None
    return median(seconds[1:])  # the first one also loads libraries
