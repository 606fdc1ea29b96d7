"""The search: Optuna proposes settings (TPE, doi 10.1145/3292500.3330701), trainings are judged on the validation frames.

Trials are kept in a journal; an interrupted search is resumed, including the trials that were running. The defaults are trained
first, with the same shortened training as all trials, as the reference for comparison. A training that is worse than half of
the others were at the same step is pruned.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from supple.checks import Finding, require_sound
from supple.data.dataset import Dataset
from supple.data.splits import Split
from supple.errors import SettingsError
from supple.models.cost_estimate import PROCESS_BYTES
from supple.models.kernel.direct_fit import small_kernel_model
from supple.models.registry import make_settings, settings_class
from supple.models.search_space import Interval, Range
from supple.models.settings import ModelSettings
from supple.runtime.files import write_text
from supple.runtime.progress import NO_PROGRESS, Progress
from supple.runtime.run_directory import RunDirectory
from supple.runtime.workers.backends import Backend, LocalBackend
from supple.runtime.workers.cluster import TaskFailure
from supple.runtime.workers.dispatch import Dispatcher, QueuedTask
from supple.training import TrainingConfiguration
from supple.tuning.journal import (
    FAILURE,
    N_STARTUP_TRIALS,
    is_complete,
    is_over,
    open_journal,
    repair_journal,
    require_optuna,
)
from supple.tuning.result import TuningResult
from supple.tuning.trial_task import TrialOutcome, TrialTask

if TYPE_CHECKING:
    import optuna


def tune(
    kind: str,
    dataset: Dataset,
    split: Split,
    out: Path,
    trials: int,
    fixed: Mapping[str, Any] | None = None,
    accept: Collection[str] = (),
    progress: Progress = NO_PROGRESS,
    backend: Backend | None = None,
) -> TuningResult:
    """Search for the settings of a model with the smallest force error on the validation frames.

    Args:
        kind: of model.
        dataset, split: training and validation frames.
        out: folder; an incomplete search in it is resumed.
        trials: how many in all.
        fixed: settings that are not searched for.
        accept: names of findings about the data to accept.
        progress: receives notes and steps; the task `tuning` counts trials.
        backend: where trials are trained, several at a time; when None, one after another in this process.

    Raises:
        OutputError: `out` contains other files.
        SettingsError: `out` holds another search, all settings are fixed, or Optuna is not installed.
        SuppleError: the defaults cannot be trained.
    """
    require_optuna()
    import optuna

    fixed = dict(fixed or {})
    cls = settings_class(kind)
    space = {name: values for name, values in cls.search_space.items() if name not in fixed}
    if not space:
        raise SettingsError(f"All settings of {kind} that can be searched for are fixed: leave some out.")
    shortened = {name: value for name, value in cls.trial_settings.items() if name not in fixed}
    common = shortened | fixed
    train, valid, _ = dataset.apply(split)
    configuration = TrainingConfiguration.of(make_settings(kind, common), dataset, split, dataset.select([]))
    run = RunDirectory.open(out, configuration.to_json(), "search for settings")
    with run.removed_if_refused():
        accepted = require_sound(dataset, small_kernel_model, accept)
    with run.claimed():
        if (repaired := repair_journal(out)) is not None:
            progress.note(repaired)
        study = open_journal(out, create=True)
        _requeue_interrupted(study)
        # A resumed search must not repeat its proposals, as a sampler with the same seed would. Running trials count as poor
        # ones, so that those beside them differ.
        study.sampler = optuna.samplers.TPESampler(
            seed=split.seed + len(study.trials), n_startup_trials=N_STARTUP_TRIALS, constant_liar=backend is not None
        )
        search = _Search(kind, out, split.seed, trials, space, common, train, valid, tuple(accepted), study, progress)
        defaults = search.run(backend)
    result = TuningResult(out, kind, study, train.source.units.forces, defaults, shortened, out / "best.yaml")
    _write_settings(result, fixed)
    return result


@dataclass(frozen=True, eq=False)
class _Search:
    """A search that runs.

    Attributes:
        kind, out, seed, trials: of `tune`.
        space: settings that are searched for.
        common: all other settings that are not defaults.
        train, valid, accepted: the data.
        study: Optuna's.
        progress: receives notes and steps.
    """

    kind: str
    out: Path
    seed: int
    trials: int
    space: dict[str, Range]
    common: dict[str, Any]
    train: Dataset
    valid: Dataset
    accepted: tuple[Finding, ...]
    study: optuna.Study
    progress: Progress

    def run(self, backend: Backend | None) -> float:
        """Train the defaults and what is proposed; the error of the defaults.

        Raises:
            SuppleError: the defaults cannot be trained.
        """
        self.progress.step("tuning", 0, self.trials, "training the defaults for comparison")
        reference = self._task("defaults", {}, None)(self.progress)
        if reference.value is None:
            raise SettingsError(str(reference.failure))
        defaults = reference.value
        running: dict[str, int] = {}

        def end(name: str, outcome: TrialOutcome | TaskFailure) -> None:
            if isinstance(outcome, TaskFailure):
                outcome = TrialOutcome(failure=outcome.reason)
            self._record(running.pop(name), outcome)
            self._report(defaults)

        tasks = self._proposals(running)
        self._report(defaults)
        if backend is None or (isinstance(backend, LocalBackend) and backend.in_process):
            for task in tasks:
                end(task.name, task.make()(self.progress))
        else:
            with backend.open(self.trials, self.out, self.progress) as cluster:
                Dispatcher(cluster, self.progress, end).run(tasks)
        self.progress.step("tuning", self.trials, self.trials)
        return defaults

    def _proposals(self, running: dict[str, int]) -> Iterator[QueuedTask]:
        """Trials, each proposed when there is capacity for it; their numbers are added to `running`."""
        while sum(map(is_over, self.study.trials)) + len(running) < self.trials:
            trial = self.study.ask()
            values = {name: _suggest(trial, name, among) for name, among in self.space.items()}
            name = f"trial {trial.number}"
            running[name] = trial.number
            task = self._task(name, values, trial._trial_id)
            yield QueuedTask(name, PROCESS_BYTES, lambda task=task: task)  # type: ignore[misc]

    def _task(self, name: str, values: dict[str, Any], trial_id: int | None) -> TrialTask:
        settings: ModelSettings = make_settings(self.kind, self.common | values)
        return TrialTask(name, self.out, trial_id, settings, self.train, self.valid, self.seed, self.accepted, values)

    def _record(self, number: int, outcome: TrialOutcome) -> None:
        """Enter the outcome of a trial into the journal."""
        import optuna

        states = optuna.trial.TrialState
        if outcome.value is not None:
            self.study.tell(number, outcome.value)
        elif outcome.pruned:
            self.study.tell(number, state=states.PRUNED)
        else:
            trial = next(trial for trial in self.study.trials if trial.number == number)
            optuna.trial.Trial(self.study, trial._trial_id).set_user_attr(FAILURE, outcome.failure)
            self.study.tell(number, state=states.FAIL)

    def _report(self, defaults: float) -> None:
        trials = self.study.trials
        best = min(
            (trial.value for trial in trials if is_complete(trial) and trial.value is not None), default=defaults
        )
        unit = self.train.source.units.forces
        detail = f"defaults {defaults:.4g}, best {best:.4g} {unit}"
        self.progress.step("tuning", min(sum(map(is_over, trials)), self.trials), self.trials, detail)


def _write_settings(result: TuningResult, fixed: dict[str, Any]) -> None:
    import yaml

    head = f"# Settings of {result.kind}, for supple train --settings. {result.sentence()}\n"
    write_text(result.settings_file, head + yaml.safe_dump(fixed | result.improvement(), sort_keys=False))


def _requeue_interrupted(study: optuna.Study) -> None:
    """Trials that were running when the search was interrupted are proposed first; their trainings are resumed."""
    import optuna

    for trial in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
        if trial.params:
            study.enqueue_trial(trial.params)
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)


def _suggest(trial: optuna.Trial, name: str, among: Range) -> Any:
    if not isinstance(among, Interval):
        return trial.suggest_categorical(name, among.values)
    if among.whole:
        return trial.suggest_int(name, int(among.low), int(among.high), log=among.log)
    return trial.suggest_float(name, among.low, among.high, log=among.log)
