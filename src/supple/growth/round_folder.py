"""One round on disk, in rounds/NN: what was planned, which geometries were chosen and why, and what came of them.

plan.json    the kind of round and the number of geometries
reasons.json why each geometry was chosen
chosen.xyz   the geometries; it is there once they are chosen
training/    the run directory of the training with all that was calculated by then
record.json  written last: its presence means that the round is complete
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
from jaxtyping import Float, Int
from pydantic import BaseModel, ConfigDict, ValidationError

from supple.data.dataset import Dataset
from supple.data.reading import read
from supple.data.units import INTERNAL
from supple.data.writing import write_extxyz
from supple.errors import SettingsError
from supple.runtime.files import write_json
from supple.runtime.json_records import read_json
from supple.runtime.validation import Count, NonNegative, first_problem

Content = TypeVar("Content", bound=BaseModel)
#: A first round has explored geometries, the others those of dynamics of the force field; a test round is never trained on.
Kind = Literal["first", "growth", "test"]


class RoundPlan(BaseModel):
    """What a round is to do.

    Attributes:
        kind: of round.
        count: how many geometries are calculated.
        because: why it is a test; empty otherwise.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    count: Count
    because: str = ""


class ErrorOf(BaseModel):
    """Errors of the forces on some frames, eV/Å.

    Attributes:
        rmse, mae: of the components.
        frames: how many.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rmse: NonNegative
    mae: NonNegative
    frames: Count

    @classmethod
    def of(cls, errors: Float[np.ndarray, "M N 3"]) -> ErrorOf:
        """From the differences of forces."""
        return cls(rmse=float(np.sqrt((errors**2).mean())), mae=float(np.abs(errors).mean()), frames=len(errors))


class RoundRecord(BaseModel):
    """What came of a round.

    Attributes:
        kind, because: as in the plan.
        calculations: how many were made; those that failed as well.
        failures: why, each reason with how often.
        before: errors that the force field of the round before had on the new frames, by the reason why they were chosen.
        validation: error of the new force field on its validation frames, RMSE in eV/Å; None for a test round.
        interval: of the RMSE of a test, 95 %, eV/Å; None for other rounds.
        budget: of the run at that time.
        seconds: from the start of the round to its end.
        notes: sentences for the user.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    because: str = ""
    calculations: Count
    failures: dict[str, Count] = {}
    before: dict[str, ErrorOf] = {}
    validation: NonNegative | None = None
    interval: tuple[float, float] | None = None
    budget: Count
    seconds: NonNegative
    notes: tuple[str, ...] = ()


class _Reasons(BaseModel):
    """Why each geometry of a round was chosen."""

    reasons: list[str]


@dataclass(frozen=True)
class RoundFolder:
    """The folder of a round.

    Attributes:
        path: of the folder.
    """

    path: Path

    @property
    def training(self) -> Path:
        """The run directory of its training."""
        return self.path / "training"

    @property
    def plan(self) -> RoundPlan | None:
        """What it is to do; None before it was started."""
        file = self.path / "plan.json"
        return _read(RoundPlan, file) if file.exists() else None

    @property
    def record(self) -> RoundRecord | None:
        """What came of it; None while it is not complete."""
        file = self.path / "record.json"
        return _read(RoundRecord, file) if file.exists() else None

    def start(self, plan: RoundPlan) -> None:
        """Write down what is to be done."""
        self.path.mkdir(parents=True, exist_ok=True)
        write_json(self.path / "plan.json", plan.model_dump(mode="json"))

    def finish(self, record: RoundRecord) -> None:
        """Write down what came of it."""
        write_json(self.path / "record.json", record.model_dump(mode="json"))

    @property
    def chosen(self) -> Dataset | None:
        """The geometries, with `reason` among their extras; None before they were chosen."""
        file = self.path / "chosen.xyz"
        if not file.exists():
            return None
        reasons = _read(_Reasons, self.path / "reasons.json").reasons
        return replace(read(file, units=INTERNAL, labels=False), extras={"reason": np.array(reasons)})

    def choose(
        self, numbers: Int[np.ndarray, "N"], positions: Float[np.ndarray, "M N 3"], reasons: list[str]
    ) -> Dataset:
        """Write down the geometries, and return them as they are read again, to the bit."""
        write_json(self.path / "reasons.json", _Reasons(reasons=reasons).model_dump())
        extras = {"reason": np.array(reasons)}
        write_extxyz(self.path / "chosen.xyz", Dataset.of(numbers, positions, name="chosen.xyz", extras=extras))
        chosen = self.chosen
        assert chosen is not None
        return chosen


def _read(kind: type[Content], file: Path) -> Content:
    try:
        return kind.model_validate(read_json(file))
    except (OSError, ValueError, ValidationError) as error:
        problem = first_problem(error) if isinstance(error, ValidationError) else str(error)
        raise SettingsError(f"{file} is damaged ({problem}): delete its folder, and run the command again.") from error
