"""The test frames of a training, recorded in its run directory by their geometries, so that an extension keeps them held out."""

from __future__ import annotations

import json
from pathlib import Path

from supple.data.dataset import Dataset

_FILE = "held-out.json"


def save_held_out(directory: Path, test: Dataset) -> None:
    """Record the hashes of test frames in a run directory."""
    (directory / _FILE).write_text(json.dumps(test.frame_hashes) + "\n", encoding="utf-8")


def load_held_out(directory: Path) -> frozenset[str] | None:
    """The hashes of the test frames in a run directory; None where they are not recorded."""
    try:
        return frozenset(json.loads((directory / _FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
