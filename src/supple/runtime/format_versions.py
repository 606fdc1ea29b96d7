"""Versions of file formats: a file of an older version is upgraded step by step when it is read, a newer one is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from supple.errors import SettingsError, SuppleError

Content = TypeVar("Content")
#: Turns the content of a JSON file of one version into that of the next.
Upgrade = Callable[[dict[str, Any]], dict[str, Any]]


def upgrade(
    content: Content,
    version: object,
    current: int,
    upgrades: Mapping[int, Callable[[Content], Content]],
    name: str,
    error_class: type[SuppleError],
) -> Content:
    """The content of a file as the current version has it.

    Args:
        content: as it was read.
        version: that the file states.
        current: the version that this program writes.
        upgrades: by the version that they start from; each leads to the next version.
        name: of the file, for messages.
        error_class: of the error that is raised.

    Raises:
        SuppleError: of the class `error_class`, when the file states no version, a newer one, or one that can no longer be read.
    """
    if type(version) is not int:  # True is no version
        raise error_class(f"{name} states no format version: it is damaged, or not a file of Supple.")
    if version > current:
        raise error_class(
            f"{name} was written by a newer version of Supple: it has format version {version}, this version reads up to "
            f"{current}. Update Supple."
        )
    for step in range(version, current):
        if step not in upgrades:
            raise error_class(f"{name} has format version {version}, which this version of Supple cannot read.")
        content = upgrades[step](content)
    return content


def upgrade_json(
    content: dict[str, Any], current: int, upgrades: Mapping[int, Upgrade], name: str, key: str = "format_version"
) -> dict[str, Any]:
    """The content of a JSON file as the current version has it.

    Args:
        content: as it was read.
        current, upgrades, name: as for `upgrade`.
        key: where the content states its version; without one it is of version 1.

    Raises:
        SettingsError: the version is a newer one, or cannot be read.
    """
    return upgrade(content, content.get(key, 1), current, upgrades, name, SettingsError) | {key: current}
