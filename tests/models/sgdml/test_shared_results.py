"""What is learned from the first training frames is shared among trainings on more or fewer of the same frames."""

from __future__ import annotations

import json

import numpy as np
import pytest
from toy import toy_dataset

from supple import SGDML
from supple.models.metrics import ErrorSummary, Metrics
from supple.models.sgdml import choose_energies, learn_metric, settings, small_models, uniform_metric
from supple.models.sgdml.shared_results import SharedResults

METRICS = Metrics(7, None, ErrorSummary(0.1, 0.2, "eV/Å", 0.4, 0.9))
SPLIT = {"valid": 20, "test": 10}


def results(folder):
    return SharedResults(Metrics, folder)


def test_results_are_kept_in_the_folder(tmp_path) -> None:
    results(tmp_path).put((1.0, "a"), METRICS)
    assert results(tmp_path).get((1.0, "a")) == METRICS
    assert results(tmp_path).get((1.0, "b")) is None
    (file,) = tmp_path.iterdir()
    file.write_text("{")
    assert results(tmp_path).get((1.0, "a")) is None  # incomplete: computed again


def test_without_a_folder_they_are_kept_in_memory() -> None:
    kept = results(None)
    kept.put((1.0, "a"), METRICS)
    assert kept.get((1.0, "a")) == METRICS
    assert results(None).get((1.0, "a")) is None


def test_metrics_of_an_earlier_version_had_no_tails(tmp_path) -> None:
    results(tmp_path).put((1.0, "a"), METRICS)
    (file,) = tmp_path.iterdir()
    content = json.loads(file.read_text())
    del content["forces"]["p95"], content["forces"]["max"]
    file.write_text(json.dumps(content))
    found = results(tmp_path).get((1.0, "a"))
    assert found is not None and found.forces == ErrorSummary(0.1, 0.2, "eV/Å")


@pytest.fixture
def small(monkeypatch):
    """Small models of few frames, fewer than the trainings have; returns the list of those that have been solved."""
    for module in (settings, uniform_metric):
        monkeypatch.setattr(module, "SMALL", 240)
    for module in (settings, uniform_metric, choose_energies):
        monkeypatch.setattr(module, "LARGER", 300)
    monkeypatch.setattr(learn_metric, "LEARNING_ROWS", 300)
    monkeypatch.setattr(learn_metric, "REFINING_ROWS", 340)
    monkeypatch.setattr(learn_metric, "_ITERATIONS", dict.fromkeys(learn_metric._ITERATIONS, 2))
    solved: list[int] = []
    solve, error = small_models.solve_directly, learn_metric.HoldOut.__call__
    monkeypatch.setattr(small_models, "solve_directly", lambda frames, *more: solved.append(1) or solve(frames, *more))
    monkeypatch.setattr(learn_metric.HoldOut, "__call__", lambda self, *more: solved.append(1) or error(self, *more))
    return solved


@pytest.mark.parametrize("model", [SGDML(metric="uniform", energies="integrated"), SGDML(environments=(1, "molecule"))])
def test_a_larger_training_repeats_nothing_and_chooses_the_same(model, small, tmp_path) -> None:
    few, valid, _ = toy_dataset(80).split(train=30, **SPLIT)
    many, _, _ = toy_dataset(80).split(train=40, **SPLIT)
    alone = model.fit(many, valid)
    assert len(small) > 5
    model.fit(few, valid, common=tmp_path)
    small.clear()
    shared = model.fit(many, valid, common=tmp_path)
    assert len(small) == 0
    assert shared.provenance.settings == alone.provenance.settings
    for ours, theirs in zip(shared.predict(valid.positions), alone.predict(valid.positions), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_smaller_training_that_had_fewer_frames_to_refine_with_changes_nothing(small, tmp_path) -> None:
    """The metric of the larger one is learned with more frames, whichever comes first."""
    few, valid, _ = toy_dataset(80).split(train=26, **SPLIT)
    many, _, _ = toy_dataset(80).split(train=40, **SPLIT)
    model = SGDML(environments=("molecule",), energies="integrated")
    alone = model.fit(many, valid).provenance
    model.fit(few, valid, common=tmp_path)
    shared = model.fit(many, valid, common=tmp_path).provenance
    assert shared.settings == alone.settings
    assert shared.notes[:-1] == alone.notes[:-1]  # but for the seconds


@pytest.mark.parametrize("change", [{"kernel": "matern-5/2"}, {"environments": (1,)}, {"lam": 1e-7}])
def test_with_other_settings_the_metric_is_learned_anew(change, small, tmp_path) -> None:
    train, valid, _ = toy_dataset(80).split(train=30, **SPLIT)
    given = {"environments": ("molecule",), "energies": "integrated"}
    SGDML(**given).fit(train, valid, common=tmp_path)
    small.clear()
    SGDML(**given).fit(train, valid, common=tmp_path)
    assert len(small) == 0
    SGDML(**given | change).fit(train, valid, common=tmp_path)
    assert len(small) > 5


def test_a_learned_metric_depends_on_frames_and_settings_alone(small) -> None:
    """The same to the bit, whatever the seed."""
    train, valid, _ = toy_dataset(80).split(train=30, **SPLIT)
    model = SGDML(environments=(1, "molecule"), energies="integrated")
    first, again = (model.fit(train, valid, seed=seed).module.kernel for seed in (0, 1))
    assert first.configuration() == again.configuration()
    assert first.weights.numpy().tobytes() == again.weights.numpy().tobytes()
    assert first.weights.unique().numel() > 2


@pytest.mark.parametrize("model", [SGDML(metric="uniform"), SGDML(environments=("molecule",))])
def test_other_training_or_validation_frames_are_computed_anew(model, small, tmp_path) -> None:
    train, valid, other = toy_dataset(80).split(train=30, valid=20, test=20)
    model.fit(train, valid, common=tmp_path)
    for frames in ((train, other), (train.select(range(29, -1, -1)), valid)):
        small.clear()
        model.fit(*frames, common=tmp_path)
        assert len(small) > 3


@pytest.mark.parametrize("kind", ["sgdml", "schnet"])
def test_the_estimated_cost_grows_with_the_training_set(kind: str) -> None:
    from supple.models.registry import make_settings

    data = toy_dataset(200)
    model = make_settings(kind, {"steps": 1000, "features": 32, "interactions": 1} if kind == "schnet" else {})
    few, many = (model.estimate_cost(*data.split(train=n, valid=20, test=10)[:2]) for n in (60, 160))
    assert 0 < few.seconds < 600 and few.n_bytes > 10**8
    assert many.n_bytes > few.n_bytes
    if kind == "sgdml":
        assert many.seconds > few.seconds
