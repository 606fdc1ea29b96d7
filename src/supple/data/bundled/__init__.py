"""Bundled reference data: two small sets, free to use (CC0), each with a card that describes how it was calculated.

The recipes by which they were sampled (.yaml) are beside them, the geometries to start from in `geometries/`.
"""

from __future__ import annotations

from pathlib import Path

from supple.errors import DataError

NAMES = ("azobenzene", "glycine")
FOLDER = Path(__file__).parent


def bundled_path(name: str) -> Path:
    """The file of a bundled set, for `supple.read`.

    Raises:
        DataError: there is no bundled set of this name.
    """
    return _file(name, ".xyz.gz")


def or_bundled(path: Path) -> Path:
    """The file of a bundled set where a path is its name and no file of this name exists; the path itself otherwise."""
    return bundled_path(str(path)) if str(path) in NAMES and not path.exists() else path


def card(name: str) -> str:
    """The dataset card of a bundled set, as Markdown.

    Raises:
        DataError: there is no bundled set of this name.
    """
    return _file(name, ".md").read_text(encoding="utf-8")


def _file(name: str, suffix: str) -> Path:
    if name not in NAMES:
        raise DataError(f"There is no bundled data set '{name}': choose one of {', '.join(NAMES)}.")
    return FOLDER / (name + suffix)
