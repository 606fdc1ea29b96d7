"""Fitting the difference to a baseline."""

import dataclasses

import numpy as np
import pytest
from toy import toy_dataset

from supple import SGDML, SchNet, load
from supple.errors import DataError, SettingsError
from supple.models.baseline.labels import baseline_labels
from supple.models.baseline.settings import Baseline
from supple.runtime.run_directory import RunDirectory

KERNEL = {"sigma": 8.0, "lam": 1e-8, "energies": "learned"}


@pytest.fixture(scope="module")
def toy():
    return toy_dataset(90).split(train=25, valid=25, test=40, seed=2)


def test_the_difference_needs_fewer_frames(toy):
    train, valid, test = toy
    direct = SGDML(**KERNEL).fit(train, valid).evaluate(test)
    potential = SGDML(**KERNEL, baseline="fake_calculators:cheap").fit(train, valid)
    errors = potential.evaluate(test)
    assert errors.forces.rmse < 0.2 * direct.forces.rmse
    assert errors.energy.rmse < 0.2 * direct.energy.rmse
    assert potential.provenance.validation.forces.rmse == pytest.approx(potential.evaluate(valid).forces.rmse)
    assert any("smoother than the labels" in note for note in potential.provenance.notes)
    record = potential.provenance.settings["baseline_record"]
    assert record["method"] == "fake_calculators:cheap"
    assert record["version"].startswith("fake_calculators ") and record["seconds"] > 0 and record["learned"] is False


def test_the_zero_of_energies_does_not_matter(toy):
    train, valid, test = toy
    moved = [dataclasses.replace(part, energies=part.energies - 1e5) for part in (train, valid)]
    settings = SGDML(**KERNEL, baseline="fake_calculators:cheap")
    energies, forces = settings.fit(train, valid).predict(test.positions)
    other = settings.fit(*moved).predict(test.positions)
    np.testing.assert_allclose(other[0], energies - 1e5, rtol=0, atol=1e-6)
    np.testing.assert_allclose(other[1], forces, rtol=0, atol=1e-6)


def test_frames_for_which_the_baseline_fails_are_left_out_and_named(toy):
    train, valid, _ = toy
    labels = baseline_labels(Baseline(method="fake_calculators:sometimes_cheap"), train)
    n_failed = int((~labels.known).sum())
    assert n_failed
    first = int(train.frames[np.flatnonzero(~labels.known)[0]])
    potential = SGDML(**KERNEL, baseline="fake_calculators:sometimes_cheap").fit(train, valid)
    assert len(potential.model.training_frames().x) == len(train) - n_failed
    (note,) = [note for note in potential.provenance.notes if f"failed for {n_failed} of {len(train)}" in note]
    assert f"frame {first} (no self-consistency)" in note


def test_a_baseline_that_fails_for_all(toy):
    with pytest.raises(DataError, match=r"fails for too many frames.*breaks failed for 25 of 25.*no orbitals"):
        SGDML(**KERNEL, baseline="fake_calculators:breaks").fit(*toy[:2])


def test_a_harmful_baseline_is_said(toy):
    potential = SGDML(**KERNEL, baseline="fake_calculators:rough").fit(*toy[:2])
    assert any("is harmful here" in note for note in potential.provenance.notes)


@pytest.mark.parametrize(
    ("factor", "sentence"), [(23.06, "are 23.* times those of .*give them with --units"), (-1, "opposite .*gradients")]
)
def test_wrong_units_are_refused(toy, factor, sentence):
    train, valid, _ = toy
    wrong = [
        dataclasses.replace(part, energies=part.energies * abs(factor), forces=part.forces * factor)
        for part in (train, valid)
    ]
    with pytest.raises(DataError, match=sentence):
        SGDML(**KERNEL, baseline="fake_calculators:cheap").fit(*wrong, examined=())


def test_labels_of_the_baseline_itself(toy):
    labels = [baseline_labels(Baseline(method="fake_calculators:cheap"), part) for part in toy[:2]]
    own = [dataclasses.replace(one.dataset, energies=one.energies, forces=one.forces) for one in labels]
    with pytest.raises(DataError, match="are those of fake_calculators:cheap itself: train without --baseline"):
        SGDML(**KERNEL, baseline="fake_calculators:cheap").fit(*own)


def test_energies_that_are_not_known(toy):
    train, valid, test = toy
    energies = train.energies.copy()
    energies[::2] = np.nan
    partly = dataclasses.replace(train, energies=energies)
    errors = SGDML(**KERNEL, baseline="fake_calculators:cheap").fit(partly, valid).evaluate(test)
    assert errors.energy.rmse < 0.02


def test_charge_of_a_function_of_the_users_own(toy):
    with pytest.raises(SettingsError, match="sets charge and multiplicity itself"):
        SGDML(**KERNEL, baseline={"method": "fake_calculators:cheap", "charge": 0}).fit(*toy[:2])


def test_a_network_learns_the_difference_and_keeps_the_sum(toy, tmp_path):
    """What a run directory holds during the training is the whole force field."""
    train, valid, test = toy
    settings = SchNet(
        features=32, interactions=1, steps=60, validate_every=30, device="cpu", baseline="fake_calculators:cheap"
    )
    run = RunDirectory.open(tmp_path / "run", {})
    potential = settings.fit(train, valid, run=run)
    kept = load(run.model_file)
    assert kept.name == "schnet@fake_calculators:cheap"
    np.testing.assert_array_equal(kept.predict(test.positions)[1], potential.predict(test.positions)[1])
    assert potential.evaluate(test).forces.rmse < 0.1 * test.forces.std()
    again = settings.fit(train, valid, run=run)  # resumes where there is nothing left to do
    np.testing.assert_array_equal(again.predict(test.positions)[1], potential.predict(test.positions)[1])


def test_without_a_baseline_settings_are_written_as_before():
    assert "baseline" not in SGDML().model_dump(mode="json")
    assert SGDML(baseline="GFN2-xTB").model_dump(mode="json")["baseline"] == {
        "method": "GFN2-xTB",
        "charge": None,
        "multiplicity": None,
        "learn": None,
    }


def test_gfn2_of_real_frames(real_data, tmp_path):
    """A few frames of DFT with tight binding underneath; beside it, none."""
    pytest.importorskip("tblite")
    import supple

    ethanol = supple.read(real_data / "rmd17" / "rmd17_ethanol_train_01.npz")
    ethanol = dataclasses.replace(
        ethanol, source=dataclasses.replace(ethanol.source, folder=tmp_path)
    )  # labels are kept there
    train, valid, test = ethanol.split(train=40, valid=20, test=100, seed=0)
    errors = {
        baseline: SGDML(sigma=20.0, lam=1e-8, baseline=baseline).fit(train, valid).evaluate(test, "meV").forces.mae
        for baseline in (None, "GFN2-xTB")
    }
    assert errors["GFN2-xTB"] < 0.5 * errors[None]


@pytest.mark.parametrize(("tried", "is_used"), [("fake_calculators:cheap", True), ("fake_calculators:rough", False)])
def test_auto_uses_a_baseline_where_it_helps(toy, monkeypatch, tried, is_used):
    monkeypatch.setattr("supple.models.baseline.settings._TRIED", tried)
    potential = SGDML(**KERNEL, baseline="auto").fit(*toy[:2])
    assert potential.name == (f"sgdml@{tried}" if is_used else "sgdml")
    assert ("baseline_record" in potential.provenance.settings) == is_used
    assert any(("smoother" if is_used else "is harmful here") in note for note in potential.provenance.notes)
    if is_used:
        assert potential.provenance.settings["baseline_record"]["method"] == tried
