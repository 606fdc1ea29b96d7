"""RunFiles: the files of a run, from which the same command resumes after any interruption.

    md.xyz              the trajectory; with several replicas md-0.xyz, md-1.xyz and so on
    md-left.xyz         geometries at which a guard triggered, likewise
    md.run/run.json     model, start and settings of the run, and versions
    md.run/state.json   for each replica: how many frames of both files count, and all that it needs to continue after the last

Everything is written every few seconds: first the frames of all replicas, then the state, which therefore never counts more
frames than there are. What was written after the state is cut off and computed again.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from jaxtyping import Int
from numpy import ndarray
from pydantic import ValidationError

from supple.errors import OutputError, SettingsError
from supple.runtime.files import write_json
from supple.runtime.json_records import read_json
from supple.runtime.output_files import require_file, require_writable
from supple.runtime.run_directory import RunDirectory
from supple.runtime.validation import first_problem
from supple.simulation.dynamics.molecular_state import MolecularState
from supple.simulation.dynamics.replica import Replica
from supple.simulation.dynamics.saved_replica import SavedReplica
from supple.simulation.trajectories import ExtxyzFile, Frame, TrajectoryFile, trajectory_file

#: Seconds from one write to the next at least, and as a multiple of the time that writing takes.
_INTERVAL, _INTERVAL_FACTOR = 5.0, 20.0


class RunFiles:
    """The files of one run.

    Attributes:
        saved: each replica as of its last frame; None before the first.
        trajectories, triggered: the files of each replica.
    """

    def __init__(
        self,
        out: Path,
        numbers: Int[ndarray, "N"],
        replicas: int,
        configuration: dict[str, Any],
        *,
        overwrite: bool = False,
    ) -> None:
        """Begin a run, or open one to resume it.

        Args:
            out: the trajectory of a single replica; those of several have a number inserted.
            numbers: atomic numbers of the molecule.
            replicas: how many.
            configuration: what the run computes.
            overwrite: whether files without the state of a run that wrote them are replaced.

        Raises:
            SettingsError: the folder of the run belongs to another one; the message lists the differences.
            OutputError: a file exists without the state of a run that wrote it, or cannot be written.
        """
        paths = [out] if replicas == 1 else [out.with_name(f"{out.stem}-{k}{out.suffix}") for k in range(replicas)]
        self.trajectories: list[TrajectoryFile] = [trajectory_file(path, numbers) for path in paths]
        self.triggered = [ExtxyzFile(path.with_name(f"{path.stem}-left.xyz"), numbers) for path in paths]
        folder = out.with_suffix(".run")
        self._state_file = folder / "state.json"
        if not self._state_file.exists():
            self._require_new(overwrite=overwrite)
        self._directory = RunDirectory.open(folder, configuration, "molecular dynamics")
        self.saved: list[SavedReplica | None] = [None] * replicas
        self._n_triggered = [0] * replicas
        self._n_atoms = len(numbers)
        self._pending: list[tuple[TrajectoryFile, list[Frame]]] = [
            (file, []) for file in (*self.trajectories, *self.triggered)
        ]
        self._next_write = 0.0

    def _require_new(self, *, overwrite: bool) -> None:
        """Refuse files in the place of those of a run that has not begun: nothing tells what wrote them."""
        for file in (*self.trajectories, *self.triggered):
            require_file(file.path)
            require_writable(file.path, overwrite=True)
            if file.path.exists() and not overwrite:
                raise OutputError(
                    f"{file.path} already exists, but {self._state_file}, from which its run could be resumed, does not: "
                    "choose another --out, or use --overwrite to replace the trajectory."
                )

    def claimed(self) -> AbstractContextManager[None]:
        """Keep the run for this process.

        Raises:
            SettingsError: another process is working in it.
        """
        return self._directory.claimed()

    def read(self) -> None:
        """Read how far the run is.

        Raises:
            SettingsError: the state cannot be read.
        """
        if self._state_file.exists():
            try:
                self.saved = self._saved(read_json(self._state_file))
            except (OSError, ValueError) as error:
                reason = first_problem(error) if isinstance(error, ValidationError) else error
                raise SettingsError(
                    f"{self._state_file} cannot be read ({reason}): choose another --out, or delete "
                    "its folder and use --overwrite to start again."
                ) from error
        for k, saved in enumerate(self.saved):
            if saved is not None:
                self._n_triggered[k] = (saved.stop or saved).n_triggered

    def _saved(self, state: object) -> list[SavedReplica | None]:
        """The replicas in the content of state.json.

        Raises:
            ValueError: it is no state of these replicas of this molecule.
        """
        stored = state.get("replicas") if isinstance(state, dict) else None
        if not isinstance(stored, list) or len(stored) != len(self.saved):
            raise ValueError(f"it does not hold {len(self.saved)} replicas")
        saved = [SavedReplica.from_json(values) if values else None for values in stored]
        if any(one is not None and len(one.molecule.positions) != self._n_atoms for one in saved):
            raise ValueError("it is of another molecule")
        return saved

    def n_triggered(self, k: int) -> int:
        """Geometries of replica k in the file of those at which a guard triggered."""
        return self._n_triggered[k]

    def resume(self, k: int) -> SavedReplica | None:
        """Make ready to continue replica k: cut off what was written after its state, which is returned.

        Raises:
            DataError: frames are missing.
        """
        saved = self.saved[k]
        if saved is not None and saved.stop is not None:
            saved = self.saved[k] = replace(saved, stop=None)
        self._n_triggered[k] = 0 if saved is None else saved.n_triggered
        self.trajectories[k].truncate(0 if saved is None else saved.n_frames)
        self.triggered[k].truncate(self._n_triggered[k])
        return saved

    def save(self, replica: Replica, frame: Frame, molecule: MolecularState) -> None:
        """Add a frame of a replica, and its state after it; written by `commit`."""
        k = replica.index
        before = self.saved[k]
        self._pending[k][1].append(frame)
        self.saved[k] = replica.save(molecule, 1 + (0 if before is None else before.n_frames), self._n_triggered[k])

    def save_triggered(self, k: int, frame: Frame) -> None:
        """Add a geometry of replica k at which a guard triggered; written by `commit`."""
        self._pending[len(self.saved) + k][1].append(frame)
        self._n_triggered[k] += 1

    def stop(self, replica: Replica, reason: str) -> SavedReplica:
        """Record that a guard ended a replica after its last saved frame; it can still continue from there."""
        saved = self.saved[replica.index]
        assert saved is not None, "a replica is saved before its first step"
        stopped = self.saved[replica.index] = replica.save_stop(saved, reason, self._n_triggered[replica.index])
        return stopped

    @property
    def due(self) -> bool:
        """Whether it is time to write."""
        return time.monotonic() >= self._next_write

    def commit(self) -> None:
        """Write everything that is pending."""
        started = time.monotonic()
        if not self._state_file.exists():
            self._write_state([None] * len(self.saved))  # so that what is found beside a state was written by its run
        for file, frames in self._pending:
            if frames:
                file.append(frames)
                frames.clear()
        self._write_state(self.saved)
        now = time.monotonic()
        self._next_write = now + max(_INTERVAL, _INTERVAL_FACTOR * (now - started))

    def _write_state(self, saved: Sequence[SavedReplica | None]) -> None:
        write_json(self._state_file, {"replicas": [{} if one is None else one.to_json() for one in saved]})
