"""Draw: the settings of a way to draw geometries, from which its segments are made."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from supple.sampling.context import SamplingContext
    from supple.sampling.segments import Segment


class Draw(BaseModel, ABC):
    """A way to draw geometries; a subclass adds `kind`, its name in the registry, and its settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: Whether it moves the molecule, which takes forces.
    moves: ClassVar[bool] = True

    start: str | None = Field(None, description="Another geometry to start from: a file, or a bundled name.")

    @property
    def geometries(self) -> tuple[str, ...]:
        """The files, bundled names or SMILES that it starts from."""
        return () if self.start is None else (self.start,)

    def fingerprints(self) -> dict[str, str]:
        """Hashes of files of which more than the first geometry is used."""
        return {}

    @abstractmethod
    def segments(self, context: SamplingContext) -> list[Segment[Any]]:
        """The segments, which run independently of each other unless one names others in `after`."""
