"""The conserved energy stays constant.

Where an energy is conserved (the total energy in NVE, that of molecule and thermostat with a Nosé-Hoover chain), its change
since the start must stay small compared with the thermal energy of an atom, 3 kT: beyond a tenth of that, the run
is no longer at its temperature.
"""

from __future__ import annotations

from ase import units

from supple.runtime.rounding import rounded
from supple.simulation.dynamics.guards.guard import Snapshot

#: Of 3 kT.
_FRACTION = 0.1


class EnergyDriftGuard:
    """Checks the conserved energy of a run.

    Args:
        temperature: K.
    """

    name = "energy drift"
    checks_geometry = False

    def __init__(self, temperature: float) -> None:
        self.limit = _FRACTION * 3 * units.kB * temperature

    def check(self, snapshot: Snapshot) -> list[str | None]:
        """By how much the energy of each replica has changed, where that is too much."""
        if snapshot.drifts is None:
            return [None] * len(snapshot.positions)
        return [None if abs(drift) <= self.limit else self._sentence(drift) for drift in snapshot.drifts.tolist()]

    def _sentence(self, drift: float) -> str:
        return (
            f"the conserved energy has changed by {rounded(1e3 * drift)} meV per atom (limit {rounded(1e3 * self.limit, 2)} meV): use a "
            "shorter --timestep, or do not trust the force field in this region"
        )
