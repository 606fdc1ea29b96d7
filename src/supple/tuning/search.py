"""The search: Optuna proposes settings (TPE, doi 10.1145/3292500.3330701), trainings judge them on the validation frames.

Trials are kept in a journal; a search that was killed goes on, the trial that was under way included. The defaults are trained first, with
the same shortened training as all others: what they are compared with. A training that is worse than half of the others were at the same
step is ended early.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
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
from supple.runtime.optional_dependencies import require_extra
from supple.runtime.progress import SILENCE, Progress
from supple.runtime.run_directory import RunDirectory
from supple.runtime.workers.backends import Here, Place
from supple.runtime.workers.dispatch import Dispatch, Lost, Piece
from supple.training import run_configuration
from supple.tuning.remote_trial import FIRST, TrialWork, open_search

if TYPE_CHECKING:
    import optuna

#: Where a trial that failed keeps why.
_MESSAGE = "message"


@dataclass(frozen=True)
class Tuned:
    """What a search found.

    Attributes:
        out: its folder.
        kind: of model.
        study: all trials; their values are force errors.
        unit: of the errors (RMSE on the validation frames).
        defaults: the error of the default settings after the same training.
        trial_settings: what made the trainings shorter than usual.
        settings_file: the best settings, for `supple train --settings`.
    """

    out: Path
    kind: str
    study: optuna.Study
    unit: str
    defaults: float
    trial_settings: dict[str, Any]
    settings_file: Path

    def finished(self) -> list[optuna.trial.FrozenTrial]:
        """Trials that came to their end, the best first."""
        return sorted((trial for trial in self.study.trials if trial.value is not None and _ended(trial)), key=_value)

    def sentence(self) -> str:
        """Whether it was worth it."""
        done, trials = self.finished(), [trial for trial in self.study.trials if _counts(trial)]
        early = sum(trial.state.name == "PRUNED" for trial in trials)
        failed = sum(trial.state.name == "FAIL" for trial in trials)
        counted = f"{len(trials)} trials ({early} ended early, {failed} failed)"
        shorter = ", ".join(f"{name} {value}" for name, value in self.trial_settings.items())
        same = f", all after a shortened training ({shorter})" if shorter else ""
        if not done or _value(done[0]) >= self.defaults:
            return f"{counted}: none was better than the defaults ({self.defaults:.4g} {self.unit}){same}."
        gain = 1 - _value(done[0]) / self.defaults
        return (
            f"{counted}: the best force error is {_value(done[0]):.4g} {self.unit}, {gain:.1%} below that of the defaults "
            f"({self.defaults:.4g}){same}."
        )


def tune(
    kind: str,
    dataset: Dataset,
    split: Split,
    out: Path,
    trials: int = 30,
    given: dict[str, Any] | None = None,
    accept: Collection[str] = (),
    progress: Progress = SILENCE,
    place: Place | None = None,
) -> Tuned:
    """Search for the settings of a model with the smallest force error on the validation frames.

    Args:
        kind: of model.
        dataset, split: training and validation frames.
        out: folder; an unfinished search in it is gone on with.
        trials: how many in all.
        given: settings that are kept as they are, and not searched for.
        accept: names of findings about the data to accept.
        progress: listens; the task `tuning` counts trials.
        place: where trials are trained, several at a time; in this process, one after another, when None.

    Raises:
        SettingsError: `out` holds another search, all settings are given, or Optuna is not installed.
        SuppleError: the defaults cannot be trained.
    """
    optuna = _optuna()
    given = dict(given or {})
    cls = settings_class(kind)
    space = {name: among for name, among in cls.search_space.items() if name not in given}
    if not space:
        raise SettingsError(f"All settings of {kind} that could be searched for are given: leave some out.")
    shortened = {name: value for name, value in cls.trial_settings.items() if name not in given}
    fixed = shortened | given
    train, valid, _ = dataset.apply(split)
    run = RunDirectory.open(out, run_configuration(make_settings(kind, fixed), dataset, split, dataset.select([])))
    with run.gone_if_refused():
        examined = require_sound(dataset, small_kernel_model, accept)
    with run.claimed():
        study = open_search(out, begin=True)
        _take_up(study)
        # Going on must not repeat what was proposed before, as a sampler with the same seed would. Trials that still run count as
        # poor ones, so that others beside them are not the same.
        started = split.seed + len(study.trials)
        study.sampler = optuna.samplers.TPESampler(
            seed=started, n_startup_trials=FIRST, constant_liar=place is not None
        )
        search = _Search(kind, out, split.seed, trials, space, fixed, train, valid, tuple(examined), study, progress)
        defaults = search.run(place)
    tuned = Tuned(out, kind, study, train.source.units.forces, defaults, shortened, out / "best.yaml")
    _write_settings(tuned, given)
    return tuned


@dataclass(frozen=True, eq=False)
class _Search:
    """A search under way.

    Attributes:
        kind, out, seed, trials: of `tune`.
        space: settings that are searched for.
        fixed: all others that are not defaults.
        train, valid, examined: the data.
        study: Optuna's.
        progress: listens.
    """

    kind: str
    out: Path
    seed: int
    trials: int
    space: dict[str, Range]
    fixed: dict[str, Any]
    train: Dataset
    valid: Dataset
    examined: tuple[Finding, ...]
    study: optuna.Study
    progress: Progress

    def run(self, place: Place | None) -> float:
        """Train the defaults and what is proposed; the error of the defaults.

        Raises:
            SuppleError: the defaults cannot be trained.
        """
        self.progress.step("tuning", 0, self.trials, "the defaults, to compare with")
        came = self._work("defaults", {}, None)(self.progress)
        if "value" not in came:
            raise SettingsError(str(came["message"]))
        defaults = float(came["value"])
        numbers: dict[str, int] = {}

        def end(name: str, came: dict[str, Any] | Lost) -> None:
            self._tell(numbers.pop(name), {"message": came.reason} if isinstance(came, Lost) else came)
            self._report(defaults)

        pieces = self._proposed(numbers)
        self._report(defaults)
        if place is None or (isinstance(place, Here) and place.jobs == 1):
            for piece in pieces:
                end(piece.name, piece.work()(self.progress))
        else:
            with place.open(self.trials) as crew:
                Dispatch(crew, self.progress, end).run(pieces)
        self.progress.step("tuning", self.trials, self.trials)
        return defaults

    def _proposed(self, numbers: dict[str, int]) -> Iterator[Piece]:
        """Trials, each proposed when there is room for it; `numbers` are those that run."""
        while sum(map(_counts, self.study.trials)) + len(numbers) < self.trials:
            trial = self.study.ask()
            values = {name: _suggest(trial, name, among) for name, among in self.space.items()}
            name = f"trial {trial.number}"
            numbers[name] = trial.number
            work = self._work(name, values, trial._trial_id)
            yield Piece(name, PROCESS_BYTES, lambda work=work: work)  # type: ignore[misc]

    def _work(self, name: str, values: dict[str, Any], trial: int | None) -> TrialWork:
        settings: ModelSettings = make_settings(self.kind, self.fixed | values)
        return TrialWork(name, self.out, trial, settings, self.train, self.valid, self.seed, self.examined, values)

    def _tell(self, number: int, came: dict[str, Any]) -> None:
        import optuna

        states = optuna.trial.TrialState
        if "value" in came:
            self.study.tell(number, came["value"])
        elif "pruned" in came:
            self.study.tell(number, state=states.PRUNED)
        else:
            trial = next(trial for trial in self.study.trials if trial.number == number)
            optuna.trial.Trial(self.study, trial._trial_id).set_user_attr(_MESSAGE, came["message"])
            self.study.tell(number, state=states.FAIL)

    def _report(self, defaults: float) -> None:
        trials = self.study.trials
        best = min((trial.value for trial in trials if _ended(trial) and trial.value is not None), default=defaults)
        unit = self.train.source.units.forces
        detail = f"defaults {defaults:.4g}, best {best:.4g} {unit}"
        self.progress.step("tuning", min(sum(map(_counts, trials)), self.trials), self.trials, detail)


def _write_settings(tuned: Tuned, given: dict[str, Any]) -> None:
    import yaml

    best = tuned.finished()[:1]
    better = best[0].params if best and _value(best[0]) < tuned.defaults else {}
    head = f"# Settings of {tuned.kind}, for supple train --settings. {tuned.sentence()}\n"
    write_text(tuned.settings_file, head + yaml.safe_dump(given | better, sort_keys=False))


def _take_up(study: optuna.Study) -> None:
    """Trials that were under way when the search ended come first; their trainings go on where they were."""
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


def _ended(trial: optuna.trial.FrozenTrial) -> bool:
    return trial.state.name == "COMPLETE"


def _counts(trial: optuna.trial.FrozenTrial) -> bool:
    """Whether a trial is over; those that were cut off begin anew under another number."""
    return trial.state.name in ("COMPLETE", "PRUNED") or _MESSAGE in trial.user_attrs


def _value(trial: optuna.trial.FrozenTrial) -> float:
    assert trial.value is not None
    return trial.value


def _optuna() -> Any:
    require_extra("tune", {"optuna": "Optuna", "distributed": "Dask"}, "A search for settings")
    import optuna
    import optuna.storages.journal

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna
