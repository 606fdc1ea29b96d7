"""Model files of older format versions, brought to the present one, a version at a time.

When the format changes, `FORMAT_VERSION` is raised by one and `UPGRADES` gets the function that turns the content of the
version before into the new one. Older files then pass through all functions in turn, so each is written once and stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from supple.errors import ModelFileError
from supple.runtime import format_versions

#: The version that is written.
FORMAT_VERSION = 4


class Content(NamedTuple):
    """The content of a model file as it is stored: the JSON header and the named arrays."""

    header: dict[str, Any]
    arrays: dict[str, Tensor]


Upgrade = Callable[[Content], Content]


def _from_version_1(content: Content) -> Content:
    """Kernels had one length scale, and were Matérn 5/2."""
    configuration = dict(content.header["configuration"])
    if content.header["kind"] != "sgdml":
        return content
    sigma = configuration.pop("sigma")
    if not isinstance(sigma, int | float) or not 0 < sigma < inf:
        raise ValueError(f"sigma is {sigma}")
    configuration["kernel"] = {
        "function": "matern-5/2",
        "terms": [{"coefficient": 1.0, "weights": 0, "entries": None}],
    }
    weights = torch.full((1, content.arrays["x"].shape[1]), 1 / sigma, dtype=torch.float64)
    return Content(content.header | {"configuration": configuration}, content.arrays | {"kernel.weights": weights})


def _from_version_2(content: Content) -> Content:
    """There were no error bars."""
    return content


def _from_version_3(content: Content) -> Content:
    """Error bars had one slope, and that of an atom did not depend on the others."""
    bars = content.header.get("error_bars")
    if bars is None:
        return content

    def upgraded(of: dict[str, Any]) -> dict[str, Any]:
        others = {name: value for name, value in of.items() if name != "slope"}
        return others | {"slopes": [of["slope"]], "knots": [], "typical": [1.0] * len(of["offsets"]), "shared": 0.0}

    energy = None if bars["energy"] is None else upgraded(bars["energy"])
    changed = bars | {"energy": energy, "forces": upgraded(bars["forces"])}
    return Content(content.header | {"error_bars": changed}, content.arrays)


#: From version n to n + 1, by n.
UPGRADES: Mapping[int, Upgrade] = {1: _from_version_1, 2: _from_version_2, 3: _from_version_3}


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
