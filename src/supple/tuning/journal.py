"""The journal of a search (trials.log): Optuna's record of all trials, which any process can open."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from supple.runtime.optional_dependencies import require_extra

if TYPE_CHECKING:
    import optuna

#: Trials before the search learns from them, and before any is pruned.
N_STARTUP_TRIALS = 8
#: User attribute of a failed trial: what went wrong.
FAILURE = "message"
_STUDY_NAME = "tuning"


def open_journal(out: Path, *, create: bool = False) -> optuna.Study:
    """The journal in the folder of a search; created if there is none and `create`."""
    import optuna
    import optuna.storages.journal

    backend = optuna.storages.journal.JournalFileBackend(str(out / "trials.log"))
    storage = optuna.storages.JournalStorage(backend)
    pruner = optuna.pruners.MedianPruner(n_startup_trials=N_STARTUP_TRIALS)
    if create:
        return optuna.create_study(storage=storage, study_name=_STUDY_NAME, load_if_exists=True, pruner=pruner)
    return optuna.load_study(study_name=_STUDY_NAME, storage=storage, pruner=pruner)


def is_complete(trial: optuna.trial.FrozenTrial) -> bool:
    """Whether a trial was trained to its end."""
    return trial.state.name == "COMPLETE"


def is_over(trial: optuna.trial.FrozenTrial) -> bool:
    """Whether a trial is complete, pruned or failed; an interrupted one is resumed under another number."""
    return trial.state.name in ("COMPLETE", "PRUNED") or FAILURE in trial.user_attrs


def require_optuna() -> None:
    """Load Optuna, without its messages.

    Raises:
        SettingsError: it is not installed.
    """
    require_extra("tune", {"optuna": "Optuna"}, "A search for settings")
    quiet_optuna()


def quiet_optuna() -> None:
    """Show only Optuna's errors."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
