"""ReadRequest: what a reader is to read from a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from supple.data.reading.defects import DefectHandler
from supple.data.reading.keys import Keys

#: Energies and forces are required (for training), read where the file has them (trajectories), or ignored (geometries).
Labels = Literal["required", "optional", "ignored"]


@dataclass(frozen=True)
class ReadRequest:
    """The request to a reader: what to read from a file.

    Attributes:
        keys: the names under which the file stores quantities, as far as the user gave them.
        labels: whether energies and forces are required, optional or ignored.
        molecule: which of several molecules in the file; None if the user named none.
        defects: every defect of the file is reported to it, see `DefectHandler.report`.
        first_labels: the file in which labels were first inferred from names, and these names; shared by the files of a folder,
            whose labels must be of one source.
    """

    keys: Keys = field(default_factory=Keys)
    labels: Labels = "required"
    molecule: str | None = None
    defects: DefectHandler = field(default_factory=DefectHandler)
    first_labels: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    @property
    def wants_labels(self) -> bool:
        """Whether energies and forces are read."""
        return self.labels != "ignored"

    @property
    def requires_labels(self) -> bool:
        """Whether frames without forces are refused."""
        return self.labels == "required"
