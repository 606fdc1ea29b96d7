"""Record: the files of a run, from which the same command goes on after any interruption.

    md.xyz              the trajectory; of several replicas md-0.xyz, md-1.xyz and so on
    md-left.xyz         geometries at which a guard spoke, likewise
    md.run/run.json     what the run is made by, and versions
    md.run/state.json   of each replica: how many frames of both files count, and all that it needs to go on after the last

Frames are written every few seconds: first the frames of all replicas, then the state, which never counts more than there is.
What was written after the state is cut off and computed again.
"""

from __future__ import annotations

import json
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from jaxtyping import Int
from numpy import ndarray

from supple.errors import SettingsError
from supple.runtime.files import write_json
from supple.runtime.run_directory import RunDirectory
from supple.simulation.trajectories import ExtendedXyz, Frame, Trajectory, trajectory

#: Seconds between two moments at which frames are written, and how much longer that is at least than writing takes.
_EVERY, _TIMES = 5.0, 20.0


class Record:
    """The files of one run.

    Attributes:
        states: of each replica as of its last frame; empty before the first.
        trajectories, left: files of each replica.
    """

    def __init__(self, out: Path, numbers: Int[ndarray, "N"], replicas: int, made_by: dict[str, Any]) -> None:
        """Begin a run, or open one to go on with.

        Raises:
            SettingsError: a file is of another run, or of one made by something else; the sentence says what differs.
        """
        paths = [out] if replicas == 1 else [out.with_name(f"{out.stem}-{k}{out.suffix}") for k in range(replicas)]
        self.trajectories: list[Trajectory] = [trajectory(path, numbers) for path in paths]
        self.left = [ExtendedXyz(path.with_name(f"{path.stem}-left.xyz"), numbers) for path in paths]
        folder = out.with_suffix(".run")
        for file in (*self.trajectories, *self.left):
            if file.path.exists() and not folder.exists():
                raise SettingsError(
                    f"{file.path} is there already, but not the folder {folder} of its run: choose another --out, or "
                    "move it."
                )
        self._directory = RunDirectory.open(folder, made_by)
        self._file = folder / "state.json"
        self.states: list[dict[str, Any]] = [{} for _ in paths]
        self._n_left = [0] * replicas
        self._waiting: list[tuple[Trajectory, list[Frame]]] = [(file, []) for file in (*self.trajectories, *self.left)]
        self._next = 0.0

    def claimed(self) -> AbstractContextManager[None]:
        """Keep the run for this process.

        Raises:
            SettingsError: another process is at work in it.
        """
        return self._directory.claimed()

    def read(self) -> None:
        """Learn how far the run is.

        Raises:
            SettingsError: its state cannot be read.
        """
        if self._file.exists():
            try:
                self.states = json.loads(self._file.read_text(encoding="utf-8"))["replicas"]
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise SettingsError(
                    f"{self._file} cannot be read ({str(error).splitlines()[0]}): choose another --out, or delete its "
                    f"folder and {self.trajectories[0].path} to start anew."
                ) from error
        self._n_left = [state.get("stopped", state).get("left", 0) for state in self.states]

    def n_left(self, k: int) -> int:
        """Geometries of a replica in the file of those that left."""
        return self._n_left[k]

    def go_on(self, k: int) -> None:
        """Cut off what was written of a replica after its state.

        Raises:
            DataError: frames are missing.
        """
        state = self.states[k]
        state.pop("stopped", None)
        self._n_left[k] = state.get("left", 0)
        self.trajectories[k].keep(state.get("frames", 0))
        self.left[k].keep(self._n_left[k])

    def save(self, k: int, frame: Frame, state: dict[str, Any]) -> None:
        """A frame of a replica, and its state after it; written when `commit` is called."""
        self._waiting[k][1].append(frame)
        self.states[k] = state | {"frames": self.states[k].get("frames", 0) + 1, "left": self._n_left[k]}

    def leave(self, k: int, frame: Frame) -> None:
        """A geometry of a replica that left; written when `commit` is called."""
        self._waiting[len(self.states) + k][1].append(frame)
        self._n_left[k] += 1

    def stop(self, k: int, said: str, tally: dict[str, Any]) -> None:
        """Say that a guard ended a replica; what is needed to go on all the same is kept."""
        self.states[k]["stopped"] = {"said": said, "left": self._n_left[k], "tally": tally}

    @property
    def due(self) -> bool:
        """Whether it is time to write."""
        return time.monotonic() >= self._next

    def commit(self) -> None:
        """Write what waits."""
        began = time.monotonic()
        for file, frames in self._waiting:
            if frames:
                file.extend(frames)
                frames.clear()
        plain = [{k: v.tolist() if isinstance(v, ndarray) else v for k, v in state.items()} for state in self.states]
        write_json(self._file, {"replicas": plain})
        now = time.monotonic()
        self._next = now + max(_EVERY, _TIMES * (now - began))
