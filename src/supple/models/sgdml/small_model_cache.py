"""SmallModelCache: errors of the small models by which settings are chosen.

The training sets of a study are nested: the first frames of a large one are a smaller one. The small models of both are then the
same, and their errors are computed only once if both trainings have a common folder.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from pydantic import TypeAdapter

from supple.models.metrics import Metrics
from supple.runtime.files import write_json
from supple.runtime.json_records import read_json

_METRICS = TypeAdapter(Metrics)


class SmallModelCache:
    """Metrics by key: all that they depend on.

    Args:
        folder: where they are kept, a file for each; None to keep them in memory alone.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._in_memory: dict[str, Metrics] = {}

    def get(self, key: tuple[object, ...]) -> Metrics | None:
        """The metrics of this key, if they are there."""
        name = _name(key)
        if name not in self._in_memory and self.folder is not None:
            try:
                self._in_memory[name] = _METRICS.validate_python(read_json(self.folder / f"{name}.json"))
            except (OSError, ValueError):  # missing or incomplete
                return None
        return self._in_memory.get(name)

    def put(self, key: tuple[object, ...], metrics: Metrics) -> None:
        """Keep the metrics of this key."""
        name = _name(key)
        self._in_memory[name] = metrics
        if self.folder is not None:
            write_json(self.folder / f"{name}.json", metrics.to_dict())


def _name(key: tuple[object, ...]) -> str:
    return hashlib.sha256(repr(key).encode()).hexdigest()[:20]
