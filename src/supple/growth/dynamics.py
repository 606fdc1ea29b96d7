"""Dynamics of the force field itself, guarded, of many replicas at the temperature and above it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from supple.data.dataset import Dataset
from supple.data.reading import read
from supple.data.selection.farthest import farthest_points
from supple.data.units import INTERNAL
from supple.growth.reach import BARRIER, within_reach
from supple.models.potential import Potential
from supple.runtime.progress import Progress
from supple.simulation.dynamics import DynamicsSettings, run_md
from supple.simulation.dynamics.guards import Snapshot, guards_for
from supple.simulation.trajectories import read_trajectory

#: Replicas at each temperature, and how much higher the higher one is.
_REPLICAS, HOTTER = 8, 1.5
#: fs: length in the first round, which doubles from one to the next, longest, and between frames.
_SHORTEST, _LONGEST, EVERY = 2000.0, 8000.0, 50.0
#: Of each trajectory this part is left out at its beginning.
_SETTLING = 0.2
#: fs: length of the dynamics of a test, whose last frames are tested.
_OF_TEST = 2000.0


@dataclass(frozen=True)
class Drawn:
    """Geometries that dynamics have visited, Å.

    Attributes:
        warm: at the temperature.
        hot: at the higher one.
        left: those at which a guard triggered.
        stopped: how many replicas were stopped by a guard, and of how many.
    """

    warm: Float[np.ndarray, "M N 3"]
    hot: Float[np.ndarray, "K N 3"]
    left: Float[np.ndarray, "L N 3"]
    stopped: tuple[int, int]


def draw(
    potential: Potential, train: Dataset, temperature: float, number: int, seed: int, folder: Path, progress: Progress
) -> Drawn:
    """Run dynamics from training frames that are as different as possible; resumed after an interruption.

    Args:
        potential: the force field.
        train: its training frames.
        temperature: K.
        number: of the round.
        seed: of velocities and random forces.
        folder: of the trajectories.
        progress: receives progress.
    """
    time = min(_SHORTEST * 2 ** max(number - 1, 0), _LONGEST)
    lowest = float(np.nanmin(train.energies))
    low = train.select(within_reach(train.energies, train.n_atoms, temperature, lowest, BARRIER))
    start = low.select(farthest_points(low, _REPLICAS)[0])
    frames, left, stopped = [], [], 0
    for name, kelvin in (("warm", temperature), ("hot", HOTTER * temperature)):
        settings = DynamicsSettings.of(temperature=kelvin, time=time, every=EVERY, seed=seed + number)
        results = run_md(
            potential, start, settings, folder / f"{name}.xyz", replicas=_REPLICAS, reference=train, progress=progress
        )
        trajectories = [read_trajectory(result.out).positions for result in results]
        frames.append(np.concatenate([one[round(_SETTLING * len(one)) :] for one in trajectories]))
        stopped += sum(result.stopped is not None for result in results)
        files = {result.triggered_file for result in results if result.n_triggered}
        left += [read(file, units=INTERNAL, labels=False).positions for file in sorted(files)]
    nothing = np.empty((0, train.n_atoms, 3))
    return Drawn(frames[0], frames[1], np.concatenate([nothing, *left]), (stopped, 2 * _REPLICAS))


def draw_independent(
    potential: Potential,
    train: Dataset,
    starts: Float[np.ndarray, "M N 3"],
    temperature: float,
    seed: int,
    folder: Path,
    progress: Progress,
) -> tuple[Float[np.ndarray, "M N 3"], int]:
    """One geometry from the end of each of many replicas, and how many of these a guard has stopped before.

    Args:
        starts: geometries at which the replicas start, Å.
        potential, train, temperature, seed, folder, progress: as in `draw`.
    """
    settings = DynamicsSettings.of(
        temperature=temperature, time=_OF_TEST, every=EVERY, seed=seed + 1000, on_leave="restrain"
    )
    guards = guards_for(potential, starts, settings, train)
    problems = guards.check(Snapshot(starts, np.zeros(len(starts)), -1 - np.arange(len(starts))))
    inside = starts[[not found for found in problems]]
    # training frames are always within range
    inside = np.concatenate([inside, train.positions[np.arange(len(starts) - len(inside)) % len(train)]])
    start = Dataset.of(train.numbers, inside, name="starts of the test")
    results = run_md(
        potential, start, settings, folder / "test.xyz", replicas=len(starts), reference=train, progress=progress
    )
    ends = np.stack([read_trajectory(result.out).positions[-1] for result in results])
    return ends, sum(result.triggered for result in results)
