"""The file of a segment: a line of JSON for each frame, on disk as soon as it is there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from supple.errors import DataError
from supple.runtime.locks import locked
from supple.sampling.context import Labelled


class SegmentFile:
    """Frames of one segment, and whether it is at its end."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Keep the file for this process, and wait for one that is still about to leave it.

        A killed sampling may leave a process behind that ends a little later: two that write into one file would give
        frames twice.
        """
        with locked(self.path.with_name(f".{self.path.name}.lock"), f"Another process writes {self.path}.", wait=True):
            self.path.touch()
            yield

    def append(self, frame: Labelled) -> None:
        """Write down a frame."""
        self._append(
            {
                "positions": frame.positions.tolist(),
                "energy": frame.energy,
                "forces": None if frame.forces is None else frame.forces.tolist(),
                "failure": frame.failure,
                "remark": frame.remark,
                "about": frame.about,
                "state": frame.state,
            }
        )

    def end(self) -> None:
        """Say that the segment is at its end."""
        self._append({"ended": True})

    def _append(self, line: dict[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def cut(self) -> None:
        """Take off half a line that an interruption left."""
        content = self.path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            with self.path.open("r+b") as file:
                file.truncate(whole)

    def progress(self) -> tuple[int, dict[str, Any] | None, bool]:
        """How many frames there are, the state after the last, and whether the segment is at its end."""
        done, state, ended = 0, None, False
        for line in self._lines():
            if "ended" in line:
                ended = True
                continue
            done += 1
            state = line["state"] if line["state"] is not None else state
        return done, state, ended

    def frames(self) -> Iterator[dict[str, Any]]:
        """The frames, as they are on disk."""
        return (line for line in self._lines() if "ended" not in line)

    def _lines(self) -> Iterator[dict[str, Any]]:
        with self.path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    yield json.loads(line)
                except ValueError as error:
                    raise DataError(
                        f"Line {number} of {self.path} is damaged: delete the file, and its frames are drawn anew."
                    ) from error

    def __len__(self) -> int:
        """How many lines there are now; somebody else may be writing them."""
        return self.path.read_bytes().count(b"\n") if self.path.exists() else 0
