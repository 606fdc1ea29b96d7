"""The bundled reference data: small, real enough to learn from, and free (CC0). Each has a card that says how it was made."""

from __future__ import annotations

from pathlib import Path

from supple.errors import DataError

NAMES = ("azobenzene", "glycine")
#: Where they lie, with the recipes by which they were made; starting geometries are in `geometries/`.
FOLDER = Path(__file__).parent


def bundled_path(name: str) -> Path:
    """The file of a bundled set, for `supple.read`.

    Raises:
        DataError: there is no bundled set of this name.
    """
    return _file(name, ".xyz.gz")


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
