"""The versions of the method by which the frames of a sampling run were labelled, in its folder: `versions.json`."""

from __future__ import annotations

from pathlib import Path

from supple.runtime.files import write_json
from supple.runtime.json_records import read_json

_FILE = "versions.json"


def known_versions(folder: Path) -> list[str]:
    """The versions so far, in the order of their use."""
    if not (folder / _FILE).is_file():
        return []
    return [str(version) for version in read_json(folder / _FILE)["versions"]]


def add_version(folder: Path, version: str) -> None:
    """Record that frames are labelled by this version."""
    versions = known_versions(folder)
    if version not in versions:
        write_json(folder / _FILE, {"versions": [*versions, version]})
