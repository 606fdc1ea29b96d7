"""Integrators: ASE's for one molecule, the same ones on arrays for a batch."""

from __future__ import annotations

from collections.abc import Sequence

from supple.models.potential import Potential
from supple.simulation.dynamics.engines.engine import Engine as Engine
from supple.simulation.dynamics.molecular_state import MolecularState
from supple.simulation.dynamics.settings import DynamicsSettings


def engine_for(
    potential: Potential, settings: DynamicsSettings, states: Sequence[MolecularState], *, batched: bool
) -> Engine:
    """The engine of a run.

    Args:
        potential: the force field.
        settings: ensemble, temperature, times.
        states: one for each molecule, as `initial_state` or `Engine.state` give them.
        batched: whether the run has several replicas, even if only one of them is not at its end.
    """
    if batched:
        from supple.simulation.dynamics.engines.batched_integrators import BATCHED

        return BATCHED[settings.ensemble](potential, settings, states)
    from supple.simulation.dynamics.engines.ase_integrators import ASE

    return ASE[settings.ensemble](potential, settings, states)
