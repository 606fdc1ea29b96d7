"""Energy is neither made nor lost.

Where the integrator conserves an energy (the total one at constant energy, that of molecule and thermostat with a Nosé-Hoover
chain), its change since the beginning must stay small beside the thermal energy of an atom, 3 kT: beyond a tenth of
it the run is at another temperature than it says.
"""

from __future__ import annotations

from ase import units

from supple.simulation.dynamics.guards.base import Moment

_PART = 0.1


class DriftGuard:
    """Watches the conserved energy of a run at some temperature, in K."""

    name = "energy drift"
    of_geometry = False

    def __init__(self, kelvin: float) -> None:
        self.limit = _PART * 3 * units.kB * kelvin

    def objections(self, moment: Moment) -> list[str | None]:
        """How much the energy of each molecule has changed, when that is too much."""
        if moment.drifts is None:
            return [None] * len(moment.positions)
        return [None if abs(drift) <= self.limit else self._sentence(drift) for drift in moment.drifts.tolist()]

    def _sentence(self, drift: float) -> str:
        return (
            f"the energy that should stay constant has changed by {1e3 * drift:.3g} meV per atom "
            f"(limit {1e3 * self.limit:.2g} meV): take a shorter --timestep, or mistrust the force field here"
        )
