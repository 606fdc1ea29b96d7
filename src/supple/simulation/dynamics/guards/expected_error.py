"""The error bars of the forces stay below a limit: the force field knows what it is doing."""

from __future__ import annotations

import numpy as np
import torch
from ase.data import chemical_symbols
from jaxtyping import Float

from supple.models.potential import Potential
from supple.simulation.dynamics.force_limit import ForceLimit
from supple.simulation.dynamics.guards.guard import Snapshot


class ExpectedErrorGuard:
    """Checks the expected error of the force on each atom: one standard deviation of a component.

    Args:
        potential: with error bars.
        limit: above which it triggers.

    Raises:
        SettingsError: the force field has no error bars.
    """

    name = "expected force error"
    checks_geometry = True

    def __init__(self, potential: Potential, limit: ForceLimit) -> None:
        self._bars = potential.require_error_bars()
        self._numbers, self._potential, self.limit = potential.numbers, potential, limit

    def check(self, snapshot: Snapshot) -> list[str | None]:
        """Of each replica, the atom with the largest error bar, where that is above the limit."""
        if not len(snapshot.positions):
            return []
        positions = torch.tensor(snapshot.positions, device=self._potential.device)
        with torch.no_grad():
            _, stds = self._bars.standard_deviations(self._bars.novelty(positions))
        # NaN is not within the limit
        within = np.asarray((stds <= self.limit.in_ev_per_angstrom).all(axis=1))
        return [None if fine else self._sentence(row) for row, fine in zip(stds, within, strict=True)]

    def _sentence(self, stds: Float[np.ndarray, "N"]) -> str:
        k = int(np.argmax(np.where(np.isnan(stds), np.inf, stds)))
        atom = f"{chemical_symbols[self._numbers[k]]}{k + 1}"
        return (
            f"the force on {atom} has an expected error of {self.limit.in_unit(float(stds[k]))} "
            f"(--max-error {self.limit.in_unit(self.limit.in_ev_per_angstrom)})"
        )
