"""An extended training keeps every frame on its side of the split, and adds new ones."""

from __future__ import annotations

import numpy as np
import pytest
from toy import toy_dataset

from supple import Dataset
from supple.data.selection import split_dataset
from supple.errors import SettingsError, SplitError
from supple.models.registry import make_settings
from supple.training import train
from supple.training.extension import extend

OLD = toy_dataset(60)
SPLIT = split_dataset(OLD, 20, 10, seed=3)


def joined(*parts: Dataset) -> Dataset:
    forces = [part.forces for part in parts if part.forces is not None]
    return Dataset.of(
        OLD.numbers,
        np.concatenate([part.positions for part in parts]),
        np.concatenate([part.energies for part in parts]),
        np.concatenate(forces),
        name="grown.xyz",
    )


NEW = toy_dataset(25, seed=9)
#: The new frames first: frames are recognised by their geometry, not by their number.
GROWN = joined(NEW, OLD)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("extension")
    settings = make_settings("sgdml", {"sigma": 8.0, "lam": 1e-9})
    return train(settings, OLD, SPLIT, folder / "m.run", out=folder / "m.safetensors").file


def of_old(indices):
    """The frames of the grown data that are these frames of the old."""
    return {len(NEW) + i for i in indices}


def test_all_new_frames_are_added_and_none_changes_sides(model):
    found = extend(model, GROWN, None)
    assert of_old(SPLIT.train) < set(found.split.train)
    assert of_old(SPLIT.valid) < set(found.split.valid)
    assert set(found.split.test) == of_old(SPLIT.test)
    assert (len(found.split.train), len(found.split.valid)) == (20 + 20, 10 + 5)
    assert found.sentence == "25 frames are added, 20 for training and 5 for validation; 30 other frames stay unseen."


def test_frames_that_equal_each_other_are_added_once(model):
    twice = extend(model, joined(NEW, OLD, NEW, OLD), None)
    once = extend(model, GROWN, None)
    assert [len(part) for part in (twice.split.train, twice.split.valid)] == [
        len(part) for part in (once.split.train, once.split.valid)
    ]


def test_settings_are_those_of_the_earlier_training(model):
    found = extend(model, GROWN, None)
    assert found.kind == "sgdml"
    assert (found.settings["sigma"], found.settings["lam"]) == (8.0, 1e-9)
    make_settings(found.kind, found.settings)


def test_a_metric_is_learned_again(tmp_path):
    settings = make_settings("sgdml", {"environments": ["molecule"], "energies": "integrated"})
    file = train(settings, OLD, SPLIT, tmp_path / "m.run", out=tmp_path / "m.safetensors").file
    found = extend(file, GROWN, None)
    again = make_settings(found.kind, found.settings)
    assert again.learns_metric and again.radii == (None,)
    assert again.lam == found.settings["lam"] > 0


def test_a_number_of_training_frames_takes_them_from_all_unseen_frames(model):
    found = extend(model, GROWN, 45)
    assert len(found.split.train) == 45
    assert set(found.split.valid) == of_old(SPLIT.valid)
    assert len(found.split.test) == len(GROWN) - 45 - 10


def test_the_extended_force_field_is_better_and_can_be_extended_again(model, tmp_path):
    found = extend(model, GROWN, None)
    grown = train(
        make_settings(found.kind, found.settings),
        GROWN,
        found.split,
        tmp_path / "g.run",
        out=tmp_path / "g.safetensors",
    )
    before = train(make_settings("sgdml", {"sigma": 8.0, "lam": 1e-9}), OLD, SPLIT, model.with_suffix(".run"))
    assert grown.result.test.forces.rmse < before.result.test.forces.rmse
    again = extend(grown.file, joined(toy_dataset(10, seed=11), GROWN), None)
    assert (len(again.split.train), len(again.split.test)) == (40 + 8, 30)


def test_without_the_record_of_test_frames_the_number_is_asked_for(model, tmp_path):
    alone = tmp_path / "alone.safetensors"
    alone.write_bytes(model.read_bytes())
    with pytest.raises(SplitError, match=r"which of them were test frames is unknown.*--train"):
        extend(alone, GROWN, None)
    assert len(extend(alone, GROWN, 30).split.train) == 30


@pytest.mark.parametrize(
    ("data", "n_train", "says"),
    [
        (OLD, None, "nothing to add to the 20 training frames"),
        (GROWN, 20, "nothing to add"),
        (GROWN, 500, "choose at most 75"),
        (joined(NEW, OLD.select(range(40))), None, "frames that .* was trained and validated on are not in grown.xyz"),
    ],
)
def test_what_cannot_be_extended_is_refused(model, data, n_train, says):
    with pytest.raises(SplitError, match=says):
        extend(model, data, n_train)


def test_a_network_goes_on_from_its_weights(tmp_path):
    given = {"features": 8, "layers": 1, "steps": 40, "validate_every": 10, "device": "cpu", "compile": "never"}
    settings = make_settings("bespoke", given)
    file = train(settings, OLD, SPLIT, tmp_path / "m.run", out=tmp_path / "m.safetensors").file
    found = extend(file, GROWN, None)
    assert (found.settings["start"], found.settings["steps"], found.settings["features"]) == (str(file), 20, 8)
    again = make_settings(found.kind, found.settings)
    grown = train(again, GROWN, found.split, tmp_path / "g.run", out=tmp_path / "g.safetensors")
    assert any("trained on 20 frames" in note for note in grown.result.notes)
    assert train(again, GROWN, found.split, tmp_path / "g.run").result == grown.result
    file.write_bytes(grown.file.read_bytes())
    with pytest.raises(SettingsError, match="start_version"):
        train(again, GROWN, found.split, tmp_path / "g.run")
