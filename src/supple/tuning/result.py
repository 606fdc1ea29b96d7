"""TuningResult: the result of a search."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from supple.tuning.journal import is_complete, is_over

if TYPE_CHECKING:
    import optuna


@dataclass(frozen=True)
class TuningResult:
    """The result of a search.

    Attributes:
        out: its folder.
        kind: of model.
        study: Optuna's record of all trials; their values are force errors.
        unit: of the errors (RMSE on the validation frames).
        defaults: the error of the default settings after the same training.
        trial_settings: settings that make the trainings shorter than usual.
        settings_file: the best settings, for `supple train --settings`.
    """

    out: Path
    kind: str
    study: optuna.Study
    unit: str
    defaults: float
    trial_settings: dict[str, Any]
    settings_file: Path

    def completed(self) -> list[optuna.trial.FrozenTrial]:
        """Trials that were trained to their end, the best first."""
        return sorted(
            (trial for trial in self.study.trials if trial.value is not None and is_complete(trial)), key=_value
        )

    def best_error(self) -> float | None:
        """The error of the best trial; None where none is complete."""
        return next((_value(trial) for trial in self.completed()), None)

    def improvement(self) -> dict[str, Any]:
        """The best settings where they are better than the defaults, otherwise none."""
        best = self.best_error()
        return dict(self.completed()[0].params) if best is not None and best < self.defaults else {}

    def sentence(self) -> str:
        """How many trials there were, and how much better than the defaults the best one is."""
        trials = [trial for trial in self.study.trials if is_over(trial)]
        pruned = sum(trial.state.name == "PRUNED" for trial in trials)
        failed = sum(trial.state.name == "FAIL" for trial in trials)
        counts = f"{len(trials)} trials ({pruned} pruned, {failed} failed)"
        shorter = ", ".join(f"{name} {value}" for name, value in self.trial_settings.items())
        same = f", all after a shortened training ({shorter})" if shorter else ""
        best = self.best_error()
        if best is None or best >= self.defaults:
            return f"{counts}: none is better than the defaults ({self.defaults:.4g} {self.unit}){same}."
        return (
            f"{counts}: the best force error is {best:.4g} {self.unit}, {100 * (1 - best / self.defaults):.1f} % below that of the "
            f"defaults ({self.defaults:.4g}){same}."
        )


def _value(trial: optuna.trial.FrozenTrial) -> float:
    assert trial.value is not None
    return trial.value
