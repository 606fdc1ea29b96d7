"""Tried: errors of the small models by which settings are chosen.

Training sets of a study are nested: the first frames of a large one are a smaller one. The small models of both are then the same, and
what one training has tried in a common folder the others need not try again.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from supple.models.metrics import ErrorPair, Metrics
from supple.runtime.files import write_json


class Tried:
    """Metrics by case.

    Args:
        folder: where they are kept, a file for each; None to keep them in memory alone.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._known: dict[str, Metrics] = {}

    def get(self, case: tuple[object, ...]) -> Metrics | None:
        """What a case gave, if it has been tried."""
        key = _key(case)
        if key not in self._known and self.folder is not None:
            try:
                self._known[key] = _metrics(json.loads((self.folder / f"{key}.json").read_text(encoding="utf-8")))
            except (OSError, ValueError, TypeError, KeyError):  # not there, or not whole
                return None
        return self._known.get(key)

    def put(self, case: tuple[object, ...], metrics: Metrics) -> None:
        """Keep what a case gave."""
        key = _key(case)
        self._known[key] = metrics
        if self.folder is not None:
            write_json(self.folder / f"{key}.json", metrics.to_dict())


def _key(case: tuple[object, ...]) -> str:
    return hashlib.sha256(repr(case).encode()).hexdigest()[:20]


def _metrics(values: dict[str, object]) -> Metrics:
    pairs = [ErrorPair(**pair) if isinstance(pair := values[name], dict) else None for name in ("energy", "forces")]
    return Metrics(int(str(values["n_frames"])), *pairs)
