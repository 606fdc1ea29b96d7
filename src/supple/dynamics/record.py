"""Record: the files of a run, from which the same command goes on after any interruption.

    md.xyz              the trajectory
    md-left.xyz         geometries at which a guard spoke
    md.run/run.json     what the run is made by, and versions
    md.run/state.json   how many frames of both files count, and all that the integrator needs to go on after the last

Frames are written first and the state is replaced after them: it never counts more than there is.
"""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from jaxtyping import Int
from numpy import ndarray

from supple.dynamics.trajectory import ExtendedXyz, Frame, trajectory
from supple.errors import SettingsError
from supple.files import write_json
from supple.interruption import HeldBack
from supple.run import RunDirectory


class Record:
    """The files of one run.

    Attributes:
        state: as it was last written; empty before the first frame.
        n_left: geometries in the file of those that left.
    """

    def __init__(self, out: Path, numbers: Int[ndarray, "N"], made_by: dict[str, Any]) -> None:
        """Begin a run, or open one to go on with.

        Raises:
            SettingsError: the file is of another run, or of one made by something else; the sentence says what differs.
        """
        self.trajectory = trajectory(out, numbers)
        self.left = ExtendedXyz(out.with_name(f"{out.stem}-left.xyz"), numbers)
        folder = out.with_suffix(".run")
        for path in (out, self.left.path):
            if path.exists() and not folder.exists():
                raise SettingsError(
                    f"{path} is there already, but not the folder {folder} of its run: choose another --out, or move it."
                )
        self._directory = RunDirectory.open(folder, made_by)
        self._file = folder / "state.json"
        self.state: dict[str, Any] = {}
        self.n_left = 0

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
                self.state = json.loads(self._file.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise SettingsError(
                    f"{self._file} cannot be read ({error}): choose another --out, or delete its folder and "
                    f"{self.trajectory.path} to start anew."
                ) from error
        self.n_left = self.state.get("stopped", self.state).get("left", 0)

    def go_on(self) -> None:
        """Cut off what was written after the state.

        Raises:
            DataError: frames are missing.
        """
        self.state.pop("stopped", None)
        self.n_left = self.state.get("left", 0)
        self.trajectory.keep(self.state.get("frames", 0))
        self.left.keep(self.n_left)

    def save(self, frame: Frame, state: dict[str, Any]) -> None:
        """Append a frame, and the state after it; Ctrl-C waits until both are whole."""
        with HeldBack():
            self.trajectory.append(frame)
            self.state = state | {"frames": self.state.get("frames", 0) + 1, "left": self.n_left}
            write_json(self._file, self.state)

    def leave(self, frame: Frame) -> None:
        """Append a geometry to those that left."""
        with HeldBack():
            self.left.append(frame)
            self.n_left += 1

    def stop(self, said: str, tally: dict[str, Any]) -> None:
        """Write down that a guard ended the run; what is needed to go on all the same is kept."""
        self.state["stopped"] = {"said": said, "left": self.n_left, "tally": tally}
        write_json(self._file, self.state)
