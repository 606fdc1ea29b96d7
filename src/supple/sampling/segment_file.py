"""The file of a segment: one line of JSON for each frame, on disk as soon as the frame is labelled."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, cast

from supple.errors import DataError
from supple.runtime.failures import naming
from supple.runtime.files import drop_partial_line, write_text
from supple.runtime.locks import locked
from supple.sampling.labelled_frame import FrameLine, LabelledFrame

#: The last line of a complete segment.
_END = {"ended": True}


class SegmentProgress(NamedTuple):
    """How far a segment is.

    Attributes:
        done: frames in its file.
        state: the state after the last of them that has one; None where none has.
        ended: whether the segment is complete.
    """

    done: int
    state: dict[str, Any] | None
    ended: bool


class SegmentFile:
    """Frames of one segment, and whether it is complete."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Lock the file for this process, after waiting for any other that still holds it.

        A sampling run that was killed may leave a worker process behind for a moment: two that write into one file would give
        frames twice.
        """
        with locked(
            self.path.with_name(f".{self.path.name}.lock"),
            f"Another process is writing {self.path}: wait until it ends, or stop it.",
            wait=True,
        ):
            self.path.touch()
            yield

    def append(self, frame: LabelledFrame) -> None:
        """Write a frame."""
        self._append(frame.line())

    def rewrite(self, frames: Sequence[LabelledFrame], *, ended: bool) -> None:
        """Replace the content; only while the file is claimed."""
        lines: list[Mapping[str, Any]] = [frame.line() for frame in frames]
        write_text(self.path, "".join(json.dumps(line) + "\n" for line in [*lines, *([_END] if ended else [])]))

    def end(self) -> None:
        """Mark the segment as complete."""
        self._append(_END)

    def _append(self, line: Mapping[str, Any]) -> None:
        with naming(self.path), self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def truncate_partial_line(self) -> None:
        """Remove the incomplete last line that an interruption may leave."""
        drop_partial_line(self.path)

    def progress(self) -> SegmentProgress:
        """How far the segment is, and the state to resume from."""
        done, state, ended = 0, None, False
        for line in self._lines():
            if "ended" in line:
                ended = True
                continue
            done += 1
            state = line["state"] if line["state"] is not None else state
        return SegmentProgress(done, state, ended)

    @property
    def is_complete(self) -> bool:
        """Whether the segment has ended, at this moment; another process may be writing."""
        return self.path.exists() and self.path.read_bytes().endswith(json.dumps(_END).encode() + b"\n")

    def frames(self) -> Iterator[LabelledFrame]:
        """The frames so far."""
        return (LabelledFrame.from_line(cast(FrameLine, line)) for line in self._lines() if "ended" not in line)

    def _lines(self) -> Iterator[dict[str, Any]]:
        with self.path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    yield json.loads(line)
                except ValueError as error:
                    raise DataError(
                        f"Line {number} of {self.path} is damaged: delete that file, and run the command again to "
                        "recalculate its frames."
                    ) from error

    def __len__(self) -> int:
        """The number of lines at this moment; another process may be writing."""
        return self.path.read_bytes().count(b"\n") if self.path.exists() else 0
