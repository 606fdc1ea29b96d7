"""Training goes on from the weights of an earlier force field, with more frames."""

import numpy as np
import pytest
from models.neural.test_training import StopAt
from toy import toy_dataset

from supple import SGDML, Bespoke, Dataset, SchNet, load
from supple.errors import ModelFileError, SettingsError, SplitError
from supple.models.registry import make_settings
from supple.molecule.symmetry.symmetry_classes import tells_apart
from supple.runtime.run_directory import RunDirectory

COMMON = {"validate_every": 10, "batch_size": 7, "warmup": 5, "device": "cpu", "compile": "never"}
NETWORKS = {
    "schnet": SchNet(features=16, interactions=1, knots=64, steps=240, **COMMON),
    "bespoke": Bespoke(features=8, layers=1, steps=120, learning_rate=0.02, **COMMON),
}


@pytest.fixture(scope="module")
def parts():
    return toy_dataset(60).split(train=40, valid=10, test=10)


@pytest.fixture(scope="module", params=NETWORKS)
def earlier(request, parts, tmp_path_factory):
    """The file of a force field that was trained on half of the frames."""
    train, valid, _ = parts
    file = tmp_path_factory.mktemp("start") / "earlier.safetensors"
    NETWORKS[request.param].fit(train.select(range(20)), valid, seed=2).save(file)
    return file


def continuing(file, **changes):
    return type(NETWORKS[load(file).kind]).continuing(file, **changes)


def force_rmse(potential, frames):
    return potential.evaluate(frames).forces.rmse


def test_half_of_the_steps_lowers_the_error_and_beats_as_many_from_random_weights(earlier, parts):
    train, valid, test = parts
    settings = continuing(earlier)
    whole = NETWORKS[settings.kind]
    assert (settings.steps, settings.learning_rate) == (whole.steps // 2, pytest.approx(whole.learning_rate / 2))
    grown = settings.fit(train, valid, seed=2)
    fresh = whole.model_copy(update={"steps": settings.steps}).fit(train, valid, seed=2)
    assert force_rmse(grown, test) < 0.95 * force_rmse(load(earlier), test)
    assert force_rmse(grown, test) < 0.8 * force_rmse(fresh, test)


def test_it_is_recorded_from_what_it_went_on(earlier, parts):
    grown = continuing(earlier, steps=10).fit(*parts[:2])
    assert grown.provenance.settings["start"] == str(earlier)
    (sentence,) = (note for note in grown.provenance.notes if "started from" in note)
    assert str(earlier) in sentence and "sha256" in sentence and "on 20 frames" in sentence


def test_trained_again_and_resumed_it_is_the_same_to_the_bit(earlier, parts, tmp_path):
    train, valid, test = parts
    settings = continuing(earlier, steps=40)
    once = settings.fit(train, valid, seed=4, run=RunDirectory.open(tmp_path / "whole", {}))
    run = RunDirectory.open(tmp_path / "broken", {})
    with pytest.raises(KeyboardInterrupt):
        settings.fit(train, valid, seed=4, run=run, progress=StopAt(20))
    resumed = settings.fit(train, valid, seed=4, run=RunDirectory.open(tmp_path / "broken", {}))
    for ours, theirs in zip(once.predict(test.positions), resumed.predict(test.positions), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_an_extension_of_an_extension_keeps_the_schedule(earlier, parts, tmp_path):
    continuing(earlier, steps=30).fit(*parts[:2]).save(tmp_path / "second.safetensors")
    third = continuing(tmp_path / "second.safetensors")
    assert (third.steps, third.start) == (30, str(tmp_path / "second.safetensors"))


def test_energies_may_have_another_zero(earlier, parts):
    train, valid, _ = (
        Dataset.of(part.numbers, part.positions, part.energies + 500.0, part.forces, name="moved.xyz") for part in parts
    )
    grown = continuing(earlier, steps=10).fit(train, valid)
    assert grown.evaluate(valid).energy.mae < 10.0


def test_another_file_is_another_training(earlier, parts, tmp_path):
    copy = tmp_path / "copy.safetensors"
    copy.write_bytes(earlier.read_bytes())
    settings = continuing(copy)
    identity = settings.identity()
    continuing(copy, steps=10).fit(*parts[:2]).save(copy)
    assert settings.identity() != identity
    copy.unlink()
    with pytest.raises(ModelFileError, match=r"no file .* to start from"):
        settings.identity()


def test_frames_that_it_has_seen_must_stay_on_their_side(earlier, parts):
    train, valid, _ = parts
    settings = continuing(earlier, steps=10)
    with pytest.raises(SplitError, match=r"20 of the 30 frames .* are neither"):
        settings.fit(train.select(range(20, 40)), valid)
    with pytest.raises(SplitError, match="1 validation frames are training frames of"):
        settings.fit(train.select(range(1, 40)), joined(valid, train.select([0])))


def joined(*datasets):
    arrays = (np.concatenate([getattr(one, name) for one in datasets]) for name in ("positions", "energies", "forces"))
    return Dataset.of(datasets[0].numbers, *arrays, name="joined.xyz")


def test_what_cannot_be_gone_on_from_is_refused(earlier, parts, tmp_path):
    train, valid, _ = parts
    with pytest.raises(SettingsError, match="has other features, which cannot change"):
        continuing(earlier, steps=10, features=24).fit(train, valid)
    with pytest.raises(SettingsError, match="has no baseline, and this training has one"):
        continuing(earlier, steps=10, baseline="fake_calculators:cheap").fit(train, valid)
    kernel = tmp_path / "kernel.safetensors"
    SGDML(sigma=8.0, lam=1e-9).fit(train.select(range(10)), valid).save(kernel)
    kind = load(earlier).kind
    with pytest.raises(SettingsError, match=f"a force field of sgdml, not of {kind}"):
        make_settings(kind, {"start": str(kernel), "steps": 10}).fit(train, valid)


def test_with_a_baseline_the_model_of_the_difference_goes_on(parts, tmp_path):
    train, valid, test = parts
    settings = NETWORKS["schnet"].model_copy(update={"steps": 100})
    first = make_settings("schnet", settings.model_dump() | {"baseline": "fake_calculators:cheap"})
    file = tmp_path / "sum.safetensors"
    first.fit(train.select(range(20)), valid).save(file)
    grown = SchNet.continuing(file, steps=60).fit(train, valid)
    assert grown.name == "schnet@fake_calculators:cheap"
    assert force_rmse(grown, test) < force_rmse(load(file), test)


def test_without_a_cutoff_the_earlier_reach_is_kept(parts, tmp_path):
    train, valid, _ = parts
    file = tmp_path / "open.safetensors"
    NETWORKS["bespoke"].model_copy(update={"cutoff": "none", "steps": 10}).fit(train.select([0, 1]), valid).save(file)
    grown = Bespoke.continuing(file).fit(joined(train.select(range(2)), train.select(range(2, 40))), valid)
    assert grown.architecture == load(file).architecture


def test_classes_may_be_coarser_but_not_finer():
    assert not tells_apart([0, 0, 1], [0, 1, 2])
    assert tells_apart([0, 1, 2], [0, 0, 1])
