"""The guards of a run: one file for each, and which of them a run has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from supple.data.dataset import Dataset
from supple.models.potential import Potential
from supple.simulation.dynamics.guards.base import Guard as Guard
from supple.simulation.dynamics.guards.base import Moment as Moment
from supple.simulation.dynamics.guards.bonds import BondsGuard
from supple.simulation.dynamics.guards.collisions import CollisionsGuard
from supple.simulation.dynamics.guards.energy_drift import DriftGuard
from supple.simulation.dynamics.guards.training_distance import FamiliarityGuard, known_from
from supple.simulation.dynamics.settings import DynamicsSettings

#: Fewer frames than these have no neighbours to speak of.
_FEWEST = 10


@dataclass(frozen=True)
class Watch:
    """The guards of a run, and sentences about those that it must do without."""

    guards: tuple[Guard, ...]
    off: tuple[str, ...]

    def objections(self, moment: Moment) -> list[dict[Guard, str]]:
        """What is wrong with each molecule, by the guard that says so."""
        wrong: list[dict[Guard, str]] = [{} for _ in moment.positions]
        for guard in self.guards:
            for row, said in zip(wrong, guard.objections(moment), strict=True):
                if said is not None:
                    row[guard] = said
        return wrong


def watch_for(
    potential: Potential,
    starts: Float[np.ndarray, "B N 3"],
    settings: DynamicsSettings,
    reference: Dataset | None = None,
) -> Watch:
    """All guards that can be had.

    Args:
        potential: the force field; some hold their training frames.
        starts: Å; bonds are those of the start geometries where there are no reference data.
        settings: of the run.
        reference: training data.
    """
    frames = starts if reference is None else reference.positions
    guards: list[Guard] = [BondsGuard(potential.numbers, frames), CollisionsGuard(potential.numbers, frames)]
    off = []
    if settings.ensemble == "langevin":
        off.append("energy drift: Langevin dynamics conserve no energy that could be watched")
    else:
        guards.append(DriftGuard(settings.temperature))
    known = potential.training_frames() if reference is None else known_from(reference)
    if known is None:
        off.append(
            "distance from the training set: this force field does not hold its frames; name them by --reference"
        )
    elif len(known.x) < _FEWEST:
        off.append(f"distance from the training set: {len(known.x)} frames say nothing of how far is far")
    else:
        guards.append(FamiliarityGuard(known))
    return Watch(tuple(guards), tuple(off))
