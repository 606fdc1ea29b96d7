"""Reading JSON that may be damaged or forged: its size and depth are bounded, and no name occurs twice in an object."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

#: A larger file is no record of ours.
_LARGEST_FILE = 512 * 1024**2
#: Records are at most about ten deep. What walks through them recursively can rely on this.
_DEEPEST = 100


def parse_json(text: str) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: it is not JSON, nested too deeply, or an object has a name twice, of which one value would be lost.
    """
    try:
        value = json.loads(text, object_pairs_hook=_without_repetition)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    _require_shallow(value)
    return value


def read_json(file: Path) -> Any:
    """The value in a JSON file.

    Raises:
        OSError: the file cannot be read.
        ValueError: as `parse_json`, or the file is too large, or is not UTF-8.
    """
    if file.stat().st_size > _LARGEST_FILE:
        raise ValueError(f"it is larger than {_LARGEST_FILE // 1024**2} MiB")
    return parse_json(file.read_text(encoding="utf-8"))


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"'{twice[:40]}' occurs twice")
    return made


def _require_shallow(value: Any) -> None:
    level = [value]
    for _ in range(_DEEPEST):
        containers = [one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)]
        level = [inner for container in containers for inner in container]
        if not level:
            return
    raise ValueError("it is nested too deeply")
