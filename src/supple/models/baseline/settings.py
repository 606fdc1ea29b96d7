"""Baseline: the settings of a baseline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

from supple.models.baseline.fewest_labels import FEWEST_LABELS

#: The method that `auto` tries.
_TRIED = "GFN2-xTB"


class Baseline(BaseModel):
    """What a model of the difference is added to.

    Attributes:
        method: of `supple sample` (`GFN2-xTB`, `pyscf:PBE/def2-SVP`, `module:function`), or the file of a force field; `auto` is GFN2-xTB where
            the difference to it is easier to learn than the labels, and no baseline where it is not.
        charge, multiplicity: of the molecule; from the data where they state them, and else those of a neutral molecule with
            paired electrons, if it can be one.
        learn: from how many labels at other geometries the method itself is learned, so that the force field does not call it; None
            to call it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Annotated[str, Field(min_length=1, max_length=1000)]
    charge: int | None = None
    multiplicity: PositiveInt | None = None
    learn: Annotated[int, Field(ge=FEWEST_LABELS)] | None = None

    @property
    def name(self) -> str:
        """Of the method, or the file."""
        return _TRIED if self.is_tried else self.method

    @property
    def is_tried(self) -> bool:
        """Whether it is used only where it helps."""
        return self.method == "auto"

    @property
    def file(self) -> Path | None:
        """The file of the force field, if it is one."""
        return Path(self.method) if self.method.endswith(".safetensors") else None

    @property
    def is_called(self) -> bool:
        """Whether the force field calls the method for every geometry."""
        return self.file is None and self.learn is None
