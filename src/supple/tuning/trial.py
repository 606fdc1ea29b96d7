"""One trial: a training with settings that the search proposes, in a run directory of its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from supple.checks import Finding
from supple.data.dataset import Dataset
from supple.models.settings import ModelSettings
from supple.runtime.progress import Progress
from supple.runtime.run_directory import RunDirectory

#: Hears the step and the force error of every validation; what it raises ends the training.
Heard = Callable[[int, float], None]


class TrialRun(RunDirectory):
    """A run directory that passes on what it logs."""

    heard: Heard | None = None

    def log(self, record: dict[str, Any]) -> None:
        """Append a line, and let the search hear of the error."""
        super().log(record)
        if self.heard is not None and record.get("forces"):
            self.heard(int(record["step"]), float(record["forces"]["rmse"]))


class TrialProgress:
    """Speaks of the steps of a training under the name of its trial; what it notes would be the same for all of them."""

    def __init__(self, name: str, listener: Progress) -> None:
        self.name, self.listener = name, listener

    def note(self, sentence: str) -> None:
        """Not passed on."""

    def step(self, task: str, done: float, total: float, detail: str = "") -> None:
        """As a step of the trial."""
        self.listener.step(self.name, done, total, detail)


def directory_of(out: Path, values: dict[str, Any]) -> Path:
    """The run directory for these values: a trial that was killed goes on there, whatever its number is now."""
    digest = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:12]
    return out / "trials" / (digest if values else "defaults")


def train_trial(
    settings: ModelSettings,
    train: Dataset,
    valid: Dataset,
    seed: int,
    directory: Path,
    progress: Progress,
    examined: Sequence[Finding],
    heard: Heard | None = None,
) -> float:
    """Train, unless that is done already; the force error (RMSE) of the validation frames, in the unit of their file.

    Raises:
        SuppleError: as `ModelSettings.fit`.
    """
    run = TrialRun.open(directory, {"settings": settings.model_dump(mode="json"), "seed": seed})
    assert isinstance(run, TrialRun)
    run.heard = heard
    if run.result is None:
        with run.claimed():
            made = settings.fit(train, valid, seed=seed, run=run, progress=progress, examined=examined).provenance
            run.finish(
                {
                    "validation": None if made.validation is None else made.validation.to_dict(),
                    "seconds": made.seconds,
                    "notes": made.notes,
                }
            )
    result = run.result or {}
    return float(result["validation"]["forces"]["rmse"])
