"""What moves the atoms: ASE's integrators for one molecule, the same ones on arrays for many side by side."""

from __future__ import annotations

from collections.abc import Sequence

from supple.models.potential import Potential
from supple.simulation.dynamics.engines.base import Engine as Engine
from supple.simulation.dynamics.engines.base import State as State
from supple.simulation.dynamics.settings import DynamicsSettings


def engine_for(
    potential: Potential, settings: DynamicsSettings, states: Sequence[State], *, side_by_side: bool
) -> Engine:
    """The engine of a run.

    Args:
        potential: the force field.
        settings: ensemble, temperature, times.
        states: of each molecule, as `first_state` or `Engine.state` give them.
        side_by_side: whether the run has several replicas, of which only these may still be under way.
    """
    if side_by_side:
        from supple.simulation.dynamics.engines.batched import SIDE_BY_SIDE

        return SIDE_BY_SIDE[settings.ensemble](potential, settings, states)
    from supple.simulation.dynamics.engines.ase_engine import THROUGH_ASE

    return THROUGH_ASE[settings.ensemble](potential, settings, states)
