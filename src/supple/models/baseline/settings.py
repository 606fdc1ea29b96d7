"""Baseline: the settings of a baseline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PositiveInt


class Baseline(BaseModel):
    """What a model of the difference is added to.

    Attributes:
        method: of `supple sample` (`GFN2-xTB`, `pyscf:PBE/def2-SVP`, `module:function`), or the file of a force field.
        charge, multiplicity: of the molecule; from the data where they state them, and else those of a neutral molecule with
            paired electrons, if it can be one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Annotated[str, Field(min_length=1, max_length=1000)]
    charge: int | None = None
    multiplicity: PositiveInt | None = None

    @property
    def file(self) -> Path | None:
        """The file of the force field, if it is one."""
        return Path(self.method) if self.method.endswith(".safetensors") else None
