"""RecordFile: results of calculations in a file that only ever grows, so that whatever was complete when a process was killed is kept."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from supple.errors import DataError
from supple.runtime.failures import naming
from supple.runtime.files import drop_partial_line, plain
from supple.runtime.locks import locked

#: The folder beside the data.
FOLDER = "supple-labels"


class RecordFile:
    """A line of JSON for each result, after one that says what they are results of.

    Args:
        folder: of the data; that of the user's caches when None, or where nothing can be written.
        name: how the name of the file begins; it ends in a hash of the identity.
        identity: all that the results depend on; JSON.
    """

    def __init__(self, folder: Path | None, name: str, identity: Mapping[str, Any]) -> None:
        self.identity = dict(identity)
        made_of = hashlib.sha256(json.dumps(self.identity, sort_keys=True).encode()).hexdigest()[:10]
        self.path = _writable(folder) / f"{plain(name, '-+')[:80]}-{made_of}.jsonl"

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Reserve the file for this process, after waiting for another that is adding to it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        refusal = f"Another process is adding to {self.path}."
        with locked(self.path.with_name(f".{self.path.name}.lock"), refusal, wait=True):
            if self.path.exists():
                drop_partial_line(self.path)
            if not self.path.exists() or not self.path.stat().st_size:
                self.append([self.identity])
            yield

    def append(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Add results; only while the file is claimed."""
        with naming(self.path), self.path.open("a", encoding="utf-8") as file:
            file.write("".join(json.dumps(record) + "\n" for record in records))
            file.flush()
            os.fsync(file.fileno())

    def lines(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """The results so far, each with the number of its line.

        Raises:
            DataError: a line is not JSON.
        """
        if not self.path.exists():
            return
        lines = self.path.read_text(encoding="utf-8").split("\n")[
            1:-1
        ]  # what follows the last line break is incomplete
        for number, line in enumerate(lines, start=2):
            try:
                content = json.loads(line)
            except ValueError as error:
                raise self.damaged(number) from error
            if not isinstance(content, dict):
                raise self.damaged(number)
            yield number, content

    def damaged(self, number: int) -> DataError:
        """The error to raise for a line that holds something else."""
        return DataError(
            f"Line {number} of {self.path} is damaged: delete that file, and run the command again to repeat the calculations."
        )


def _writable(folder: Path | None) -> Path:
    """The folder of the results beside the data, or that of the user's caches."""
    if folder is not None:
        beside = folder / FOLDER
        if os.access(beside if beside.is_dir() else folder, os.W_OK):
            return beside
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / FOLDER
