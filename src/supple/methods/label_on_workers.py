"""Labels by the workers of a cluster: a task for each geometry, and each result kept as soon as it is there.

Only results of calculations are kept: a geometry whose workers were lost, several in a row, is not one whose calculation failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from supple.errors import ResourceError, SettingsError
from supple.methods.label_store import LabelStore, as_json, from_json
from supple.methods.level import Level
from supple.runtime.progress import NO_PROGRESS, Progress
from supple.runtime.workers.cluster import Cluster, TaskFailure
from supple.runtime.workers.dispatch import Dispatcher, QueuedTask

#: When so many are lost before one is complete, no other is started.
_HOPELESS = 4
#: Of tasks, whose names no cluster may see twice.
_numbers = count()


@dataclass(frozen=True, eq=False)
class LabelTask:
    """The calculation of one geometry.

    Attributes:
        level: with the version that is expected.
        numbers: atomic numbers.
        positions: Å, shape (N, 3).
    """

    level: Level
    numbers: Int[np.ndarray, "N"]
    positions: Float[np.ndarray, "N 3"]

    def __call__(self, progress: Progress) -> dict[str, Any]:
        """The result, as a line of a `LabelStore` has it.

        Raises:
            SettingsError: the method is not installed, or in another version.
        """
        here = replace(self.level, version_there=None).version
        if here != self.level.version:
            raise SettingsError(
                f"A worker has {here}, and the labels so far are of {self.level.version}: install one version everywhere."
            )
        (timed,) = self.level.single_points(self.numbers, self.positions[None])
        return as_json(timed)


@dataclass(frozen=True)
class VersionTask:
    """Which version of a method a worker has."""

    level: Level

    def __call__(self, progress: Progress) -> str:
        """The version.

        Raises:
            SettingsError: the method is unknown or not installed.
        """
        return self.level.version


def level_on_workers(level: Level, cluster: Cluster) -> Level:
    """The level with the version of the method that the workers of a cluster have.

    Raises:
        SettingsError: they do not have the method.
    """
    said: list[str | TaskFailure] = []
    task = QueuedTask(f"version-{next(_numbers)}", 0, lambda: VersionTask(level))
    Dispatcher(cluster, NO_PROGRESS, lambda _, outcome: said.append(outcome)).run([task])
    (version,) = said
    if isinstance(version, TaskFailure):
        raise SettingsError(f"The workers cannot calculate with {level.name}: {version.reason}")
    return replace(level, version_there=version)


def label_on_workers(
    level: Level,
    numbers: Int[np.ndarray, "N"],
    todo: Sequence[tuple[str, Float[np.ndarray, "N 3"]]],
    store: LabelStore,
    cluster: Cluster,
    progress: Progress,
) -> None:
    """Calculate geometries, and add each result to a store, which is claimed, as soon as it is there.

    Args:
        level: method, charge and multiplicity, and the version that all workers must have.
        numbers: atomic numbers.
        todo: the key of each geometry in the store, and its positions.
        store: of the labels.
        cluster: of the workers.
        progress: receives the number of calculations that are complete.

    Raises:
        ResourceError: some calculations were lost with their workers; all others are kept.
    """
    geometries = {f"label-{next(_numbers)}": (key, frame) for key, frame in todo}
    lost: list[str] = []
    done = 0

    def end(name: str, outcome: dict[str, Any] | TaskFailure) -> None:
        nonlocal done
        if isinstance(outcome, TaskFailure):
            lost.append(outcome.reason)
            if done == 0 and len(lost) >= min(_HOPELESS, len(todo)):
                raise ResourceError(f"No calculation with {level.name} succeeded on the workers: {lost[0]}")
            return
        store.add([geometries[name][0]], [from_json(outcome, len(numbers))])
        done += 1
        progress.step(level.name, done, len(todo), f"{done} of {len(todo)}")

    Dispatcher(cluster, progress, end).run(
        QueuedTask(name, level.method.n_bytes, _maker(level, numbers, frame)) for name, (_, frame) in geometries.items()
    )
    if lost:
        raise ResourceError(
            f"{len(lost)} of {len(todo)} calculations with {level.name} were lost with their workers ({lost[0].rstrip('.')}): run the "
            "command again to repeat them; all others are kept."
        )


def _maker(level: Level, numbers: Int[np.ndarray, "N"], frame: Float[np.ndarray, "N 3"]) -> Any:
    """A function that makes the task of a geometry, once its turn has come."""
    return lambda: LabelTask(level, numbers, frame)
