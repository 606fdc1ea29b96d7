"""A training writes its result once, as result.json has it, and reads it again; damaged ones are refused."""

from __future__ import annotations

import json

import pytest
from toy import toy_dataset

from supple.data.selection import split_dataset
from supple.errors import SettingsError, SplitError
from supple.models.registry import make_settings
from supple.training import TrainingConfiguration, TrainingResult, train

DATA = toy_dataset(60)
SPLIT = split_dataset(DATA, 20, 10, 15, seed=3)
SETTINGS = make_settings("sgdml", {"sigma": 8.0})


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("training")
    return train(SETTINGS, DATA, SPLIT, folder / "run", out=folder / "m.safetensors")


def test_the_result_is_read_as_it_was_written(trained):
    directory = trained.file.parent / "run"
    content = json.loads((directory / "result.json").read_text())
    assert list(content) == [
        *("kind", "n_train", "n_valid", "seed", "seconds", "peak_rss_bytes", "settings", "validation", "test"),
        *("intervals", "step_seconds", "notes"),
    ]  # fmt: skip
    assert TrainingResult.read(directory) == trained.result
    assert json.loads(json.dumps(trained.result.to_json())) == content
    assert trained.to_json()["model"] == str(trained.file)


def test_the_result_has_the_errors_of_the_test_frames(trained):
    result = trained.result
    assert (result.n_train, result.n_valid, result.test.n_frames) == (20, 10, 15)
    low, high = result.intervals.forces.rmse
    assert low < result.test.forces.rmse < high
    assert 0 < result.step_seconds < 1


def test_a_complete_run_is_not_repeated(trained):
    directory = trained.file.parent / "run"
    before = (directory / "model.safetensors").stat().st_mtime_ns
    assert train(SETTINGS, DATA, SPLIT, directory).result == trained.result
    assert (directory / "model.safetensors").stat().st_mtime_ns == before


def test_a_result_of_an_earlier_version_had_no_intervals_and_no_tails(tmp_path):
    errors = {"mae": 1.0, "rmse": 2.0, "unit": "eV/Å"}
    metrics = {"n_frames": 3, "energy": None, "forces": errors}
    old = {"kind": "sgdml", "n_train": 5, "n_valid": 3, "seed": 0, "seconds": 1, "peak_rss_bytes": 10, "settings": {}}
    (tmp_path / "result.json").write_text(json.dumps(old | {"validation": metrics, "test": None, "notes": ["a"]}))
    result = TrainingResult.read(tmp_path)
    assert result.validation.forces.rmse == 2.0
    assert (result.validation.forces.p95, result.validation.forces.max) == (None, None)
    assert (result.intervals, result.notes) == (None, ("a",))


def test_a_damaged_result_is_refused(tmp_path):
    (tmp_path / "result.json").write_text('{"kind": "sgdml"}')
    with pytest.raises(SettingsError, match=r"result\.json is not the result of a training \(n_train: field required"):
        TrainingResult.read(tmp_path)


def test_test_frames_that_were_trained_on_are_refused(tmp_path):
    with pytest.raises(SplitError, match="2 test frames equal training or validation frames"):
        train(SETTINGS, DATA, SPLIT, tmp_path / "run", test=DATA.select([*SPLIT.train[:2], *SPLIT.test]))
    assert not (tmp_path / "run").exists()


def test_the_configuration_identifies_the_run():
    configuration = TrainingConfiguration.of(SETTINGS, DATA, SPLIT).to_json()
    assert list(configuration) == ["model", "settings", "data", "split", "indices"]
    assert configuration["split"] == {"seed": 3, "train": 20, "valid": 10, "test": 15}
    assert configuration["data"]["sha256"] == DATA.fingerprint
