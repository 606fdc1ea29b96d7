"""Versions of files in JSON: a file of an older version is upgraded step by step when it is read, a newer one is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from supple.errors import SettingsError

#: Turns the content of a file of one version into that of the next.
Upgrade = Callable[[dict[str, Any]], dict[str, Any]]


def upgraded(
    content: dict[str, Any], current: int, upgrades: Mapping[int, Upgrade], name: str, key: str = "format_version"
) -> dict[str, Any]:
    """The content of a file as the current version has it.

    Args:
        content: as it was read.
        current: the version that this program writes.
        upgrades: by the version that they start from; each leads to the next version.
        name: of the file, for messages.
        key: where the content states its version; without one it is of version 1.

    Raises:
        SettingsError: the file is of a newer version, or states none that ever was.
    """
    version = content.get(key, 1)
    if not isinstance(version, int) or version < 1:
        raise SettingsError(f"{name} states the format version {version!r}, which does not exist: the file is damaged.")
    if version > current:
        raise SettingsError(
            f"{name} has format version {version}, written by a newer version of Supple; this one reads versions up to "
            f"{current}: update Supple."
        )
    for step in range(version, current):
        content = upgrades[step](content) | {key: step + 1}
    return content
