"""One trial: a training with settings that the search proposes, in a run directory of its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from supple.checks import Finding
from supple.data.dataset import Dataset
from supple.errors import SettingsError
from supple.models.metrics import Metrics
from supple.models.settings import ModelSettings
from supple.runtime.progress import Progress
from supple.runtime.run_directory import RunDirectory
from supple.runtime.validation import NonNegative, first_problem

#: Receives the step and the force error of every validation; an exception that it raises ends the training.
OnValidation = Callable[[int, float], None]


@dataclass(frozen=True)
class TrialResult:
    """The content of a trial's result.json."""

    validation: Metrics
    seconds: NonNegative
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As result.json has it."""
        return asdict(self) | {"notes": list(self.notes)}


_RESULT = TypeAdapter(TrialResult)


class TrialRun(RunDirectory):
    """A run directory that reports the force errors that are logged."""

    on_validation: OnValidation | None = None

    def log(self, record: Mapping[str, Any]) -> None:
        """Append a line, and report the force error."""
        super().log(record)
        if self.on_validation is not None and record.get("forces"):
            self.on_validation(int(record["step"]), float(record["forces"]["rmse"]))


class TrialProgress:
    """Reports the steps of a training under the name of its trial; notes would be the same for all trials."""

    def __init__(self, name: str, listener: Progress) -> None:
        self.name, self.listener = name, listener

    def note(self, sentence: str) -> None:
        """Ignored."""

    def step(self, task: str, done: float, total: float, detail: str = "") -> None:
        """The step, as a step of the trial."""
        self.listener.step(self.name, done, total, detail)


def trial_directory(out: Path, values: Mapping[str, Any]) -> Path:
    """The run directory for these values: an interrupted trial is resumed there, whatever its number is then."""
    digest = hashlib.sha256(json.dumps(dict(values), sort_keys=True).encode()).hexdigest()[:12]
    return out / "trials" / (digest if values else "defaults")


def train_trial(
    settings: ModelSettings,
    train: Dataset,
    valid: Dataset,
    seed: int,
    directory: Path,
    progress: Progress,
    accepted: Sequence[Finding],
    on_validation: OnValidation | None = None,
) -> float:
    """Train, unless the trial is complete; the force RMSE on the validation frames, in the unit of their file.

    Raises:
        SuppleError: as `ModelSettings.fit`.
    """
    run = TrialRun.open(directory, {"settings": settings.model_dump(mode="json"), "seed": seed}, "trial of a search")
    assert isinstance(run, TrialRun)
    run.on_validation = on_validation
    if run.result is None:
        with run.claimed():
            made = settings.fit(train, valid, seed=seed, run=run, progress=progress, examined=accepted).provenance
            assert made.validation is not None
            run.finish(TrialResult(made.validation, made.seconds, made.notes).to_json())
    try:
        forces = _RESULT.validate_python(run.result).validation.forces
    except ValidationError as error:
        raise SettingsError(
            f"{directory / 'result.json'} is not the result of a trial ({first_problem(error)}): delete its folder to train it again."
        ) from error
    assert forces is not None  # there is no training without forces
    return forces.rmse
