"""A training with a baseline: calculated once for all frames, test frames among them, and part of what the run is."""

import dataclasses
import json

import numpy as np
import pytest
from fake_calculators import Cheap
from toy import toy_dataset

from supple import load
from supple.data.selection import split_dataset
from supple.errors import SettingsError
from supple.models.registry import make_settings
from supple.training import train
from supple.training.extension import extend

KERNEL = {"sigma": 8.0, "lam": 1e-8, "energies": "learned"}


def settings(name="cheap"):
    return make_settings("sgdml", KERNEL | {"baseline": f"fake_calculators:{name}"})


@pytest.fixture
def data(tmp_path):
    made = toy_dataset(60)
    return dataclasses.replace(made, source=dataclasses.replace(made.source, folder=tmp_path))


@pytest.fixture
def split(data):
    return split_dataset(data, 20, 10, 30, seed=3)


def test_each_frame_is_calculated_once(data, split, tmp_path, monkeypatch):
    monkeypatch.setattr("supple.training.training_run.step_seconds", lambda *_: None)  # calls the method as well
    before = Cheap.calls
    trained = train(settings(), data, split, tmp_path / "run", out=tmp_path / "m.safetensors")
    assert Cheap.calls == before + 60
    train(settings(), data, dataclasses.replace(split, train=split.train[:15]), tmp_path / "fewer")
    assert Cheap.calls == before + 60
    assert trained.result.test.n_frames == 30
    assert trained.to_json()["baseline"] == trained.result.settings["baseline_record"]
    assert set(trained.to_json()["baseline"]) == {"method", "version", "learned", "seconds"}
    test = data.select(split.test)
    assert load(tmp_path / "m.safetensors").evaluate(test).forces.rmse == pytest.approx(trained.result.test.forces.rmse)


def test_test_frames_for_which_it_fails_are_left_out(data, split, tmp_path):
    trained = train(settings("sometimes_cheap"), data, split, tmp_path / "run")
    failing = [i for i in split.test if int(abs(data.positions[i, 0, 0]) * 1e6) % 5 == 0]
    assert failing
    assert trained.result.test.n_frames == 30 - len(failing)


def test_the_baseline_and_its_version_are_what_the_run_is(data, split, tmp_path, monkeypatch):
    train(settings(), data, split, tmp_path / "run")
    with pytest.raises(SettingsError, match=r"settings\.baseline"):
        train(make_settings("sgdml", KERNEL), data, split, tmp_path / "run")
    monkeypatch.setattr("supple.methods.level.method_version", lambda method: "of tomorrow")
    with pytest.raises(SettingsError, match=r"baseline_version was .*, is now \"of tomorrow\""):
        train(settings(), data, split, tmp_path / "run")


def test_an_extended_force_field_has_the_same_baseline(data, split, tmp_path):
    file = tmp_path / "m.safetensors"
    train(settings(), data, split, tmp_path / "m.run", out=file)
    extension = extend(file, data, 25)
    assert extension.kind == "sgdml"
    again = make_settings(extension.kind, extension.settings)
    assert again.baseline == settings().baseline
    extended = train(again, data, extension.split, tmp_path / "more.run")
    assert load(extended.file).name == "sgdml@fake_calculators:cheap"


def test_a_run_without_baseline_is_recorded_as_before(data, split, tmp_path):
    trained = train(make_settings("sgdml", KERNEL), data, split, tmp_path / "run")
    recorded = json.loads((tmp_path / "run" / "run.json").read_text())["configuration"]["settings"]
    assert not {"baseline", "baseline_version"} & set(recorded)
    assert "baseline" not in trained.to_json()
    assert not (tmp_path / "supple-labels").exists()
    assert np.isfinite(trained.result.test.forces.rmse)
