"""A trial as a task: wherever it is trained, it reports to the journal of the search, which decides whether it is pruned."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supple.checks import Finding
from supple.data.dataset import Dataset
from supple.errors import SuppleError
from supple.models.settings import ModelSettings
from supple.runtime.progress import Progress
from supple.tuning.journal import open_journal, quiet_optuna
from supple.tuning.trial import OnValidation, TrialProgress, train_trial, trial_directory


@dataclass(frozen=True)
class TrialOutcome:
    """How a trial ended.

    Attributes:
        value: the force error; None where there is none.
        pruned: whether the trial was pruned.
        failure: what went wrong, as a sentence.
    """

    value: float | None = None
    pruned: bool = False
    failure: str | None = None


@dataclass(frozen=True)
class TrialTask:
    """A training with proposed settings.

    Attributes:
        name: of the trial.
        out: folder of the search.
        trial_id: the trial's number in the journal; None for the defaults, which are not part of the search.
        settings, train, valid, seed, accepted: of the training.
        values: the proposed settings.
    """

    name: str
    out: Path
    trial_id: int | None
    settings: ModelSettings
    train: Dataset
    valid: Dataset
    seed: int
    accepted: tuple[Finding, ...]
    values: dict[str, Any]

    def __call__(self, progress: Progress) -> TrialOutcome:
        """Train."""
        import optuna

        on_validation = None if self.trial_id is None else _reporter(self.out, self.trial_id)
        try:
            value = train_trial(
                self.settings, self.train, self.valid, self.seed, trial_directory(self.out, self.values),
                TrialProgress(self.name, progress), self.accepted, on_validation,
            )  # fmt: skip
        except optuna.TrialPruned:
            return TrialOutcome(pruned=True)
        except SuppleError as error:  # a network that diverges, or a kernel that does not fit into memory
            return TrialOutcome(failure=str(error))
        return TrialOutcome(value)


def _reporter(out: Path, trial_id: int) -> OnValidation:
    """Reports the error of each validation to the journal, and ends the training of a trial that is pruned."""
    import optuna

    quiet_optuna()
    trial = optuna.trial.Trial(open_journal(out), trial_id)

    def on_validation(step: int, error: float) -> None:
        trial.report(error, step)
        if trial.should_prune():
            raise optuna.TrialPruned

    return on_validation
