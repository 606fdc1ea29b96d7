"""Calculations: energies and forces of geometries by the method, on this machine or by the workers of a cluster."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from supple.data.dataset import Dataset
from supple.data.units import Units
from supple.errors import SettingsError
from supple.methods.label_frames import are_labelled, label_frames
from supple.methods.label_on_workers import level_on_workers
from supple.methods.level import Level
from supple.runtime.machine import cores
from supple.runtime.progress import Progress
from supple.runtime.workers.backends import Backend
from supple.runtime.workers.cluster import Cluster
from supple.sampling.versions import add_version, known_versions


@dataclass(frozen=True)
class Calculated:
    """Some geometries that were calculated.

    Attributes:
        frames: those that succeeded, with labels; `reason` is among their extras.
        failures: why others failed, each reason with how often.
        seconds: that the calculations took, on one core.
    """

    frames: Dataset
    failures: dict[str, int]
    seconds: float


@dataclass(frozen=True)
class Calculations:
    """The calculations of a run; none is made twice, and a failed one is not tried again.

    Attributes:
        asked: method, charge and multiplicity.
        units: of the source of the frames.
        folder: of the run, in which the results are kept.
        progress: receives the number of calculations that are complete.
        backend: whose workers calculate; processes of this machine when None.
    """

    asked: Level
    units: Units
    folder: Path
    progress: Progress
    backend: Backend | None = None

    @cached_property
    def level(self) -> Level:
        """The level, with the version of the method that calculates; the first time it is written down.

        Raises:
            SettingsError: the method is not installed, or in another version than that of the labels so far.
        """
        known = known_versions(self.folder)
        if self.backend is not None:
            asked = self.asked.anywhere
            if known:  # workers refuse to calculate with another version
                return replace(asked, version_there=known[-1])
            with self.backend.open(1, self.folder, self.progress) as cluster:
                level = level_on_workers(asked, cluster)
        else:
            level = replace(self.asked, version_there=self.asked.version)
        if known and level.version != known[-1]:
            raise SettingsError(
                f"The calculations in {self.folder} are of {known[-1]}, and this machine has {level.version}: install that version, "
                "or choose another folder with --out."
            )
        add_version(self.folder, level.version)
        return level

    @property
    def side_by_side(self) -> int | None:
        """How many are made at a time; None where only the workers know."""
        return None if self.backend is not None else max(cores() // self.level.method.cores, 1)

    def of(self, chosen: Dataset) -> Calculated:
        """Calculate geometries; `reason` is among their extras.

        Raises:
            SettingsError: the method is unknown or not installed.
            ResourceError: a worker was lost; what is complete is kept.
        """
        level = self.level
        with self._workers(chosen) as cluster:
            labels = label_frames(level, chosen.numbers, chosen.positions, self.folder, self.progress, cluster=cluster)
        good = np.isfinite(labels.energies)
        frames = Dataset.of(
            chosen.numbers,
            chosen.positions[good],
            labels.energies[good],
            labels.forces[good],
            name="data.xyz",
            extras={"reason": chosen.extras["reason"][good]},
            about={"theory": level.method.theory, "charge": str(level.charge), "multiplicity": str(level.multiplicity)},
        )
        frames = replace(frames, source=replace(frames.source, units=self.units, folder=self.folder))
        return Calculated(frames, dict(Counter(labels.failures.values())), labels.seconds)

    @contextmanager
    def _workers(self, chosen: Dataset) -> Iterator[Cluster | None]:
        """The cluster, where there is one and it has something to do."""
        if self.backend is None or are_labelled(self.level, chosen.numbers, chosen.positions, self.folder):
            yield None
            return
        with self.backend.open(len(chosen), self.folder, self.progress) as cluster:
            yield cluster
