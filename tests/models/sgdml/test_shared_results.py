"""Errors of small models are shared among trainings on more or fewer of the same frames."""

from __future__ import annotations

import json

import pytest
from toy import toy_dataset

from supple import SGDML
from supple.models.metrics import ErrorSummary, Metrics
from supple.models.sgdml import choose_settings
from supple.models.sgdml.small_model_cache import SmallModelCache

METRICS = Metrics(7, None, ErrorSummary(0.1, 0.2, "eV/Å", 0.4, 0.9))


def test_metrics_are_kept_in_the_folder(tmp_path) -> None:
    SmallModelCache(tmp_path).put((1.0, "a"), METRICS)
    assert SmallModelCache(tmp_path).get((1.0, "a")) == METRICS
    assert SmallModelCache(tmp_path).get((1.0, "b")) is None
    assert SmallModelCache(None).get((1.0, "a")) is None
    (file,) = tmp_path.iterdir()
    file.write_text("{")
    assert SmallModelCache(tmp_path).get((1.0, "a")) is None  # incomplete: computed again


def test_metrics_of_an_earlier_version_had_no_tails(tmp_path) -> None:
    SmallModelCache(tmp_path).put((1.0, "a"), METRICS)
    (file,) = tmp_path.iterdir()
    content = json.loads(file.read_text())
    del content["forces"]["p95"], content["forces"]["max"]
    file.write_text(json.dumps(content))
    found = SmallModelCache(tmp_path).get((1.0, "a"))
    assert found is not None and found.forces == ErrorSummary(0.1, 0.2, "eV/Å")


def test_a_larger_training_repeats_no_small_model_and_chooses_the_same(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(choose_settings, "SMALL", 300)
    monkeypatch.setattr(choose_settings, "LARGER", 340)
    small, valid, _ = toy_dataset(80).split(train=30, valid=20, test=10)
    large, _, _ = toy_dataset(80).split(train=40, valid=20, test=10)
    solved = []
    solve = choose_settings.solve_directly
    monkeypatch.setattr(
        choose_settings, "solve_directly", lambda frames, *more: solved.append(1) or solve(frames, *more)
    )
    alone = SGDML(energies="integrated").fit(large, valid).provenance
    n_alone = len(solved)
    SGDML(energies="integrated").fit(small, valid, common=tmp_path)
    solved.clear()
    shared = SGDML(energies="integrated").fit(large, valid, common=tmp_path).provenance
    assert n_alone > 5
    assert len(solved) == 0
    assert (shared.settings["sigma"], shared.settings["lam"]) == (alone.settings["sigma"], alone.settings["lam"])


def test_other_training_or_validation_frames_are_computed_anew(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(choose_settings, "SMALL", 300)
    train, valid, other = toy_dataset(80).split(train=30, valid=20, test=20)
    SGDML(energies="integrated").fit(train, valid, common=tmp_path)
    n = len(list(tmp_path.iterdir()))
    SGDML(energies="integrated").fit(train, other, common=tmp_path)
    assert len(list(tmp_path.iterdir())) > n


@pytest.mark.parametrize("kind", ["sgdml", "schnet"])
def test_the_estimated_cost_grows_with_the_training_set(kind: str) -> None:
    from supple.models.registry import make_settings

    data = toy_dataset(200)
    settings = make_settings(kind, {"steps": 1000, "features": 32, "interactions": 1} if kind == "schnet" else {})
    few, many = (settings.estimate_cost(*data.split(train=n, valid=20, test=10)[:2]) for n in (20, 160))
    assert 0 < few.seconds < 600 and few.n_bytes > 10**8
    assert many.n_bytes > few.n_bytes
    if kind == "sgdml":
        assert many.seconds > few.seconds
