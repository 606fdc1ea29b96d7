"""The guards of a run: one file for each, and which of them a run has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from supple.data.dataset import Dataset
from supple.data.units import Units
from supple.models.potential import Potential
from supple.simulation.dynamics.force_limit import ForceLimit
from supple.simulation.dynamics.guards.bonds import BondsGuard
from supple.simulation.dynamics.guards.collisions import CollisionsGuard
from supple.simulation.dynamics.guards.energy_drift import EnergyDriftGuard
from supple.simulation.dynamics.guards.expected_error import ExpectedErrorGuard
from supple.simulation.dynamics.guards.guard import Guard as Guard
from supple.simulation.dynamics.guards.guard import Snapshot as Snapshot
from supple.simulation.dynamics.guards.training_distance import TrainingDistanceGuard, training_frames
from supple.simulation.dynamics.settings import DynamicsSettings

#: Among fewer frames than these, distances from one another mean little.
_MIN_FRAMES = 10
#: So many times the validation error may be expected of a force. The largest error bar of a molecule stays below 7 in stable dynamics.
_TIMES_USUAL = 10.0


@dataclass(frozen=True)
class Guards:
    """The guards of a run.

    Attributes:
        active: those in use.
        off: names of those that cannot be used, each with the reason.
    """

    active: tuple[Guard, ...]
    off: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the guards in use."""
        return tuple(guard.name for guard in self.active)

    def check(self, snapshot: Snapshot) -> list[dict[Guard, str]]:
        """What is wrong with each replica, by the guard that triggers."""
        found: list[dict[Guard, str]] = [{} for _ in snapshot.positions]
        for guard in self.active:
            for problems, problem in zip(found, guard.check(snapshot), strict=True):
                if problem is not None:
                    problems[guard] = problem
        return found


def guards_for(
    potential: Potential,
    starts: Float[np.ndarray, "B N 3"],
    settings: DynamicsSettings,
    reference: Dataset | None = None,
) -> Guards:
    """All guards that can be used.

    Error bars say more about the forces than the distance from the training frames, which is watched where there are none.

    Args:
        potential: the force field; some contain their training frames.
        starts: initial geometries, Å; they define the bonds where there are no reference data.
        settings: of the run.
        reference: training data.

    Raises:
        SettingsError: `max_error` is not a force, or the force field has no error bars.
    """
    frames = starts if reference is None else reference.positions
    active: list[Guard] = [BondsGuard(potential.numbers, frames), CollisionsGuard(potential.numbers, frames)]
    off = []
    limit = _force_limit(potential, settings.max_error)
    if limit is not None:
        active.append(ExpectedErrorGuard(potential, limit))
    if settings.ensemble == "langevin":
        off.append("energy drift (Langevin dynamics does not conserve an energy)")
    else:
        active.append(EnergyDriftGuard(settings.temperature))
    if limit is not None:
        return Guards(tuple(active), tuple(off))
    training = potential.training_frames() if reference is None else training_frames(reference)
    if training is None:
        off.append(
            "distance from the training set (this force field does not contain its training frames; give them with "
            "--reference)"
        )
    elif len(training.x) < _MIN_FRAMES:
        off.append(f"distance from the training set ({len(training.x)} frames are too few to judge distances by)")
    else:
        active.append(TrainingDistanceGuard(training))
    return Guards(tuple(active), tuple(off))


def _force_limit(potential: Potential, wanted: str | None) -> ForceLimit | None:
    """The largest expected error of a force: the one that is wanted, or else many times the usual one; None where the force field has no error bars.

    Raises:
        SettingsError: what is wanted is not a force.
    """
    units = Units.parse(potential.provenance.data_units)
    if wanted is not None:
        return ForceLimit.parse(wanted, units)
    usual = None if potential.error_bars is None else potential.provenance.usual_error("forces")
    return None if not usual else ForceLimit(_TIMES_USUAL * usual / units.forces_in_ev_per_angstrom, units)
