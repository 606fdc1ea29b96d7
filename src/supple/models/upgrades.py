"""Model files of older format versions, brought to the present one, a version at a time.

When the format changes, `FORMAT_VERSION` is raised by one and `UPGRADES` gets the function that turns the content of the
version before into the new one. Older files then pass through all functions in turn, so each is written once and stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor

from supple.errors import ModelFileError

#: The version that is written.
FORMAT_VERSION = 1


class Content(NamedTuple):
    """The content of a model file as it is stored: the JSON header and the named arrays."""

    header: dict[str, Any]
    arrays: dict[str, Tensor]


Upgrade = Callable[[Content], Content]
#: From version n to n + 1, by n. Version 1 is the first, so there is none yet.
UPGRADES: Mapping[int, Upgrade] = {}


def upgrade(content: Content, path: Path) -> Content:
    """The content in the present format.

    Args:
        content: of any version.
        path: of the file, for messages.

    Raises:
        ModelFileError: the file is of a newer version, of one that can no longer be read, or states none.
    """
    version = content.header.get("format_version")
    if not isinstance(version, int):
        raise ModelFileError(f"{path} states no format version: it is not a model file of Supple, or it is damaged.")
    if version > FORMAT_VERSION:
        raise ModelFileError(
            f"{path} was written by a newer version of Supple: it has model format {version}, this version reads up to "
            f"format {FORMAT_VERSION}. Update Supple."
        )
    for number in range(version, FORMAT_VERSION):
        if number not in UPGRADES:
            raise ModelFileError(
                f"{path} has model format {version}, which this version of Supple cannot read: train the model again."
            )
        content = UPGRADES[number](content)
    return Content(content.header | {"format_version": FORMAT_VERSION}, content.arrays)
