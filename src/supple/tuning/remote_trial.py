"""A trial as it is sent to where it is trained: there it reports to the search's journal, and learns from it whether to go on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from supple.checks import Finding
from supple.data.dataset import Dataset
from supple.errors import SuppleError
from supple.models.settings import ModelSettings
from supple.runtime.progress import Progress
from supple.tuning.trial import TrialProgress, directory_of, train_trial

if TYPE_CHECKING:
    import optuna

#: Trials before the search learns from them, and before any is ended early.
FIRST = 8
_NAME = "tuning"


@dataclass(frozen=True)
class TrialWork:
    """A training with settings that were proposed.

    Attributes:
        name: of the trial.
        out: folder of the search.
        trial: the trial's number in the journal's count; None for the defaults, which are not part of the search.
        settings, train, valid, seed, examined: of the training.
        values: what was proposed.
    """

    name: str
    out: Path
    trial: int | None
    settings: ModelSettings
    train: Dataset
    valid: Dataset
    seed: int
    examined: tuple[Finding, ...]
    values: dict[str, Any]

    def __call__(self, progress: Progress) -> dict[str, Any]:
        """Train; the `value`, or that it was `pruned`, or the `message` of what went wrong."""
        import optuna

        reporting = None if self.trial is None else _reporter(self.out, self.trial)
        try:
            value = train_trial(
                self.settings, self.train, self.valid, self.seed, directory_of(self.out, self.values),
                TrialProgress(self.name, progress), self.examined, reporting,
            )  # fmt: skip
        except optuna.TrialPruned:
            return {"pruned": True}
        except SuppleError as error:  # a network that diverges, or a kernel that does not fit into memory
            return {"message": str(error)}
        return {"value": value}


def open_search(out: Path, sampler: Any = None, *, begin: bool = False) -> optuna.Study:
    """The search in a folder; any process may open it."""
    import optuna
    import optuna.storages.journal

    backend = optuna.storages.journal.JournalFileBackend(str(out / "trials.log"))
    storage = optuna.storages.JournalStorage(backend)
    pruner = optuna.pruners.MedianPruner(n_startup_trials=FIRST)
    if begin:
        return optuna.create_study(
            storage=storage, study_name=_NAME, load_if_exists=True, pruner=pruner, sampler=sampler
        )
    return optuna.load_study(study_name=_NAME, storage=storage, pruner=pruner, sampler=sampler)


def _reporter(out: Path, trial_id: int) -> Any:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    trial = optuna.trial.Trial(open_search(out), trial_id)

    def heard(step: int, error: float) -> None:
        trial.report(error, step)
        if trial.should_prune():
            raise optuna.TrialPruned

    return heard
