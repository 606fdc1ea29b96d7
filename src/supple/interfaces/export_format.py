"""ExportFormat: a file format in which other programs read a force field; `exporting` has the registry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from supple.models.potential import Potential


@dataclass(frozen=True)
class ExportFormat:
    """A file format in which other programs read a force field.

    Attributes:
        write: writes the file, given the force field, the path and the units, which are None unless `has_units`.
        suffix: of the file.
        description: of the file, for people.
        kind: the only kind of force field that it can hold; any kind when None.
        has_units: whether the user can choose the units of the file.
    """

    write: Callable[[Potential, Path, str | None], None]
    suffix: str
    description: str
    kind: str | None = None
    has_units: bool = False
