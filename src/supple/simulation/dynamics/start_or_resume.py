"""run_md: molecular dynamics from the first step to the last, or resumed after an interruption, to the bit."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TypedDict

import numpy as np

from supple.data.dataset import Dataset
from supple.errors import MoleculeError, SettingsError
from supple.models.potential import Potential
from supple.runtime.progress import NO_PROGRESS, Progress
from supple.simulation.dynamics.guards import Guards, Snapshot, guards_for
from supple.simulation.dynamics.md_result import MDResult
from supple.simulation.dynamics.md_run import MDRun
from supple.simulation.dynamics.run_files import RunFiles
from supple.simulation.dynamics.settings import DynamicsSettings


class RunConfiguration(TypedDict):
    """What run.json records besides the settings: a run is resumed only with the same."""

    format: str
    replicas: int
    first: int
    model: str
    start: str
    reference: str | None


def run_md(
    potential: Potential,
    start: Dataset,
    settings: DynamicsSettings,
    out: str | Path,
    *,
    replicas: int = 1,
    first_replica: int = 0,
    reference: Dataset | None = None,
    progress: Progress = NO_PROGRESS,
    overwrite: bool = False,
) -> list[MDResult]:
    """Run molecular dynamics, monitored by guards. The same call resumes an interrupted run.

    A single molecule is moved by ASE's integrators; several replicas form a batch, with all forces in one call.

    Args:
        potential: the force field.
        start: initial geometries; replica k starts from frame k, from the first again after the last.
        settings: ensemble, temperature, times, seed.
        out: the trajectory to write, .xyz, .extxyz, .traj or .h5; for replicas a number is inserted before the ending, as in
            `md-0.xyz`. A file `-left.xyz` and a folder `.run` are written beside it.
        replicas: number of replicas.
        first_replica: number of the first replica. Momenta and random forces depend on this number and the seed.
        reference: training data, for the guards; an sGDML model contains its own.
        progress: receives progress and notes.
        overwrite: replace files in the place of trajectories that are not those of an earlier run.

    Returns:
        One result for each replica. A guard that stops a replica does not stop the others.

    Raises:
        MoleculeError: start or reference are of another molecule or atom order, or a guard triggers at the start.
        SettingsError: the files belong to a run with other settings, the ending of `out` is not known, or there is no
            replica.
        DataError: a trajectory has been changed since.
        OutputError: a file would be replaced, or cannot be written.
    """
    if replicas < 1:
        raise SettingsError(f"At least one replica is needed, not {replicas}.")
    for frames in (start, reference):
        if frames is not None:
            potential.require_molecule(frames)
    initial = start.select(np.arange(replicas) % len(start))
    guards = guards_for(potential, start.positions, settings, reference)
    if settings.on_leave != "warn":
        _require_within_range(guards, start)
    configuration: RunConfiguration = {
        "format": Path(out).suffix,
        "replicas": replicas,
        "first": first_replica,
        "model": _fingerprint(potential),
        "start": initial.fingerprint[:16],
        "reference": None if reference is None else reference.fingerprint[:16],
    }
    files = RunFiles(Path(out), potential.numbers, replicas, settings.fixed() | configuration, overwrite=overwrite)
    with files.claimed():
        files.read()
        return MDRun(potential, initial, settings, guards, files, first_replica, progress, Path(out).name).run()


def _require_within_range(guards: Guards, start: Dataset) -> None:
    """Refuse a start at which a guard triggers.

    Raises:
        MoleculeError: one does.
    """
    found = guards.check(Snapshot(start.positions, np.zeros(len(start)), -1 - np.arange(len(start))))
    for frame, problems in zip(start.frames.tolist(), found, strict=True):
        if problems:
            raise MoleculeError(
                f"Frame {frame} of {start.source.name} cannot be used to start a run: {next(iter(problems.values()))}. "
                "Choose a frame like those of the training data, with the atoms in the same order, or use "
                "--on-leave warn."
            )


def _fingerprint(potential: Potential) -> str:
    """A hash of all arrays of the force field, which identifies it."""
    digest = hashlib.sha256(repr(potential.configuration()).encode())
    for name, array in sorted(potential.module.state_dict().items()):
        digest.update(name.encode() + array.detach().cpu().numpy().tobytes())
    return digest.hexdigest()[:16]
