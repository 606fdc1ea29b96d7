"""SharedResults: results of the choice of settings that trainings on more or fewer of the same frames share.

The training sets of a study are nested: the first frames of a large one are a smaller one. The small models of both, and the metric
learned on their first frames, are then the same, and are computed only once if both trainings have a common folder.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

from supple.runtime.files import write_json
from supple.runtime.json_records import read_json

T = TypeVar("T")


class SharedResults(Generic[T]):
    """Results by key: all that they depend on.

    Args:
        kind: class of the results, which must be JSON.
        folder: where they are kept, a file for each; None to keep them in memory alone.
    """

    def __init__(self, kind: type[T], folder: Path | None) -> None:
        self._json, self.folder = TypeAdapter(kind), folder
        self._in_memory: dict[str, T] = {}

    def get(self, key: tuple[object, ...]) -> T | None:
        """The result of this key, if it is there."""
        name = _name(key)
        if name not in self._in_memory and self.folder is not None:
            try:
                self._in_memory[name] = self._json.validate_python(read_json(self.folder / f"{name}.json"))
            except (OSError, ValueError):  # missing or incomplete
                return None
        return self._in_memory.get(name)

    def put(self, key: tuple[object, ...], result: T) -> None:
        """Keep the result of this key."""
        name = _name(key)
        self._in_memory[name] = result
        if self.folder is not None:
            content: dict[str, Any] = self._json.dump_python(result, mode="json")
            write_json(self.folder / f"{name}.json", content)


def _name(key: tuple[object, ...]) -> str:
    return hashlib.sha256(repr(key).encode()).hexdigest()[:20]
