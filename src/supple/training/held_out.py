"""The test frames of a training, recorded in its run directory by their geometries, so that an extension keeps them held out."""

from __future__ import annotations

from pathlib import Path

from supple.data.dataset import Dataset
from supple.runtime.files import write_json
from supple.runtime.json_records import read_json

_FILE = "held-out.json"


def save_held_out(directory: Path, test: Dataset) -> None:
    """Record the hashes of test frames in a run directory."""
    write_json(directory / _FILE, test.frame_hashes)


def load_held_out(directory: Path) -> frozenset[str] | None:
    """The hashes of the test frames in a run directory; None where they are not recorded."""
    try:
        return frozenset(read_json(directory / _FILE))
    except (OSError, ValueError, TypeError):
        return None
