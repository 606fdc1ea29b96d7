"""A run: steps, looks of the guards, frames; and the same again after an interruption, to the bit."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from supple.data.dataset import Dataset
from supple.errors import MoleculeError, SettingsError
from supple.models.potential import Potential
from supple.runtime.progress import SILENCE, Progress
from supple.simulation.dynamics.guards import Moment, Watch, watch_for
from supple.simulation.dynamics.md_run import UnderWay
from supple.simulation.dynamics.result import Outcome
from supple.simulation.dynamics.run_files import Record
from supple.simulation.dynamics.settings import DynamicsSettings


def run(
    potential: Potential,
    start: Dataset,
    settings: DynamicsSettings,
    out: str | Path,
    *,
    replicas: int = 1,
    first: int = 0,
    reference: Dataset | None = None,
    progress: Progress = SILENCE,
) -> list[Outcome]:
    """Molecular dynamics, watched by guards. The same call goes on where one was interrupted.

    One molecule is moved by ASE's integrators, several replicas side by side, with their forces in one call.

    Args:
        potential: the force field.
        start: replica k begins from its frame k, from the first again after the last.
        settings: ensemble, temperature, times, seed.
        out: the trajectory to write, .xyz, .extxyz, .traj or .h5; replicas have a number before the ending, as
            `md-0.xyz`. `-left.xyz` and `.run` stand beside it.
        replicas: how many.
        first: the number of the first replica: each number draws its own momenta and random forces, with the same seed.
        reference: training data, for the guards; a model of the kind sgdml holds its own.
        progress: listens.

    Returns:
        What came of each replica; `stopped` says whether a guard ended it, which does not end the others.

    Raises:
        MoleculeError: start or reference are of another molecule or atom order, or a guard speaks at the start.
        SettingsError: the files are there, of a run with other settings; the name of the trajectory has no known ending; or
            there is no replica.
        DataError: a trajectory has been changed since.
    """
    if replicas < 1:
        raise SettingsError(f"There must be one replica at least, not {replicas}.")
    for frames in (start, reference):
        if frames is not None:
            potential.require_molecule(frames)
    begins = start.select(np.arange(replicas) % len(start))
    watch = watch_for(potential, start.positions, settings, reference)
    if settings.on_leave != "warn":
        _require_inside(watch, start)
    made_by = settings.identity() | {
        "format": Path(out).suffix,
        "replicas": replicas,
        "first": first,
        "model": _fingerprint(potential),
        "start": begins.fingerprint[:16],
        "reference": None if reference is None else reference.fingerprint[:16],
    }
    record = Record(Path(out), potential.numbers, replicas, made_by)
    with record.claimed():
        record.read()
        return UnderWay(potential, begins, settings, watch, record, first, progress, Path(out).name).go()


def _require_inside(watch: Watch, start: Dataset) -> None:
    """Refuse a start at which a guard speaks.

    Raises:
        MoleculeError: one does.
    """
    wrong = watch.objections(Moment(start.positions, np.zeros(len(start)), -1 - np.arange(len(start))))
    for frame, said in zip(start.frames.tolist(), wrong, strict=True):
        if said:
            raise MoleculeError(
                f"Frame {frame} of {start.source.name} is no geometry to begin from, for {next(iter(said.values()))}: take "
                "a frame like those of the training data, with the atoms in the same order, or say --on-leave warn."
            )


def _fingerprint(potential: Potential) -> str:
    """A hash of all arrays of the force field, by which it is known again."""
    digest = hashlib.sha256(repr(potential.configuration()).encode())
    for name, array in sorted(potential.module.state_dict().items()):
        digest.update(name.encode() + array.detach().cpu().numpy().tobytes())
    return digest.hexdigest()[:16]
