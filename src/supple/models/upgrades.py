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
from supple.runtime import format_versions

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
    content = format_versions.upgrade(content, version, FORMAT_VERSION, UPGRADES, str(path), ModelFileError)
    return Content(content.header | {"format_version": FORMAT_VERSION}, content.arrays)
