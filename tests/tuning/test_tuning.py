"""The search for settings: it finds better ones, keeps its trials, prunes unpromising ones, and reports on them."""

from __future__ import annotations

import sys

import pytest
from toy import toy_dataset

from supple.data.selection import split_dataset
from supple.errors import SettingsError
from supple.models.registry import make_settings
from supple.runtime.settings_file import read_settings
from supple.runtime.workers.backends import LocalBackend
from supple.tuning import trial_task, tune, write_report

DATA = toy_dataset(60)
SPLIT = split_dataset(DATA, 20, 10, seed=0)
#: A network that is small and runs by formulas: quick to begin with.
SMALL = {"features": 16, "interactions": 1, "steps": 60, "validate_every": 20, "compile": "never", "cutoff": 3.0}


class Stop:
    """Presses Ctrl-C at the n-th step that a task reports."""

    def __init__(self, task, n):
        self.task, self.left = task, n

    def note(self, sentence):
        pass

    def step(self, task, done, total, detail=""):
        self.left -= task == self.task
        if not self.left:
            raise KeyboardInterrupt


def trials_of(tuned):
    return [(trial.params, trial.value) for trial in tuned.study.trials if trial.state.name == "COMPLETE"]


#: To learn a metric in each trial takes ten times as long.
UNIFORM = {"metric": "uniform"}


@pytest.fixture(scope="module")
def sgdml(tmp_path_factory):
    out = tmp_path_factory.mktemp("tuning")
    return tune("sgdml", DATA, SPLIT, out, trials=12, fixed=UNIFORM)


def test_the_best_settings_are_kept(sgdml):
    best, *others = sgdml.completed()
    assert all(best.value <= other.value for other in others)
    settings = read_settings(sgdml.settings_file)
    assert settings == UNIFORM | (best.params if best.value < sgdml.defaults else {})
    make_settings("sgdml", settings)
    assert sgdml.sentence() in sgdml.settings_file.read_text()
    assert sgdml.sentence().startswith("12 trials (0 pruned, 0 failed):")


def test_the_page_shows_what_mattered(sgdml):
    page = write_report(sgdml).read_text()
    assert "| lam | " in page
    assert "PED-ANOVA" in page
    assert (sgdml.out / "slices.png").stat().st_size > 10_000
    assert (sgdml.out / "slices.pdf").exists()


def test_more_trials_add_to_a_search_and_other_settings_are_refused(sgdml):
    before = trials_of(sgdml)
    more = tune("sgdml", DATA, SPLIT, sgdml.out, trials=13, fixed=UNIFORM)
    assert trials_of(more)[: len(before)] == before
    assert len(more.study.trials) == 13
    with pytest.raises(SettingsError, match="contains a run with other settings"):
        tune("sgdml", DATA, SPLIT, sgdml.out, trials=13, fixed=UNIFORM | {"lam": 1e-9})


def test_stopped_within_a_trial_it_goes_on_with_the_same(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        tune("schnet", DATA, SPLIT, tmp_path, trials=3, fixed=SMALL, progress=Stop("trial 1", 2))
    begun = len(list((tmp_path / "trials").iterdir()))
    tuned = tune("schnet", DATA, SPLIT, tmp_path, trials=3, fixed=SMALL)
    assert begun == 3  # the defaults, the first trial, and the one that was stopped
    (cut,) = (trial for trial in tuned.study.trials if trial.state.name == "FAIL")
    assert cut.params in [params for params, _ in trials_of(tuned)]
    assert tuned.sentence().startswith("3 trials (0 pruned, 0 failed):")
    assert set(SMALL).isdisjoint(tuned.completed()[0].params)
    assert read_settings(tuned.settings_file).items() >= SMALL.items()


def test_unpromising_trials_are_pruned_and_failures_recorded(tmp_path, monkeypatch):
    """A made training: the larger the rate, the larger the error at each step; the largest fail."""
    ended = []

    def training(settings, train, valid, seed, directory, progress, examined, on_validation=None):
        if settings.learning_rate > 5e-3:
            raise SettingsError("The network diverged.")
        for step in (100, 200, 300):
            if on_validation:
                on_validation(step, settings.learning_rate * 1000 / step)
        ended.append(settings.learning_rate)
        return settings.learning_rate

    monkeypatch.setattr(trial_task, "train_trial", training)
    tuned = tune("schnet", DATA, SPLIT, tmp_path, trials=40)
    states = [trial.state.name for trial in tuned.study.trials]
    assert states.count("PRUNED") > 5
    assert states.count("FAIL") >= 1
    assert len(ended) == states.count("COMPLETE") + 1
    assert "below that of the defaults (0.003), all after a shortened training (steps 5000" in tuned.sentence()
    monkeypatch.setattr("supple.tuning.report.write_figure", lambda stem, figure: [])  # drawn above
    page = write_report(tuned).read_text()
    assert "The network diverged." in page
    monkeypatch.setattr(trial_task, "train_trial", lambda *arguments: 1.0)
    none_better = tune("schnet", DATA, SPLIT, tmp_path / "equal", trials=3)
    assert "none is better than the defaults" in none_better.sentence()
    assert read_settings(none_better.settings_file) == {}


def test_what_cannot_be_searched_is_refused(tmp_path, monkeypatch):
    everything = {"kernel": "matern-7/2", "lam": 1e-10, "descriptor": "dihedrals"}
    with pytest.raises(SettingsError, match="All settings of sgdml"):
        tune("sgdml", DATA, SPLIT, tmp_path / "out", trials=1, fixed=everything)
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(SettingsError, match=r"pip install 'supple\[tune\]'"):
        tune("sgdml", DATA, SPLIT, tmp_path / "out", trials=1)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_trials_side_by_side_do_the_same(tmp_path):
    given = SMALL | {"steps": 200, "batch_size": 10, "features": 16}
    tuned = tune("schnet", DATA, SPLIT, tmp_path, trials=5, fixed=given, backend=LocalBackend(jobs=2))
    assert tuned.sentence().startswith("5 trials (")
    assert len(trials_of(tuned)) == 5
    assert len({tuple(params.items()) for params, _ in trials_of(tuned)}) == 5
    begun, ended = zip(*((trial.datetime_start, trial.datetime_complete) for trial in tuned.study.trials), strict=True)
    assert any(begun[i + 1] < ended[i] for i in range(4))  # some were under way at the same time
