"""What the commands print, write and return."""

import json
import os
import re
import shutil
import signal

import ase.io
import numpy as np
import pytest
from cli.conftest import SETTINGS
from matplotlib.figure import Figure
from toy import toy_dataset

from supple import load
from supple.data.splits import Split
from supple.data.writing import write_extxyz
from supple.runtime.run_directory import RunDirectory

KINDS = list(SETTINGS)


@pytest.mark.parametrize("kind", KINDS)
def test_train_json_keeps_its_contract(shared, kind):
    result = shared.results[kind]
    assert result["model"] == f"{kind}.safetensors"
    assert (result["kind"], result["n_train"]) == (kind, 40)
    assert result["seconds"] > 0
    assert 10e6 < result["peak_rss_bytes"] < 10e9
    assert isinstance(result["settings"], dict)
    validation = result["validation"]
    assert validation["n_frames"] == 20
    assert validation["energy"]["unit"] == "kcal/mol"
    assert validation["forces"]["unit"] == "kcal/mol/Å"
    for errors in (validation["energy"], validation["forces"]):
        assert 0 < errors["mae"] <= errors["rmse"] <= errors["max"]
        assert 0 < errors["p95"] <= errors["max"]


@pytest.mark.parametrize("kind", KINDS)
def test_evaluate_json_keeps_its_contract(shared, kind):
    result = shared.json("evaluate", f"{kind}.safetensors", "toy.xyz")
    assert {"n_frames", "energy", "forces"} <= set(result)
    assert (result["n_frames"], result["n_excluded"]) == (40, 60)  # never on frames that trained or validated
    assert set(result["energy"]) == set(result["forces"]) == {"mae", "rmse", "unit", "p95", "max"}
    in_ev = shared.json("evaluate", f"{kind}.safetensors", "toy.xyz", "--report-units", "eV")
    assert in_ev["forces"]["unit"] == "eV/Å"
    assert in_ev["forces"]["rmse"] == pytest.approx(result["forces"]["rmse"] / 23.0605, rel=1e-5)
    assert in_ev["energy"]["mae"] == pytest.approx(result["energy"]["mae"] / 23.0605, rel=1e-5)
    assert in_ev["forces"]["max"] == pytest.approx(result["forces"]["max"] / 23.0605, rel=1e-5)


def test_evaluate_gives_the_largest_errors_of_all_frames(shared):
    """More frames than are predicted at once, of which one is wrong: its error is the largest, whatever the others are."""
    data = toy_dataset(700, seed=9)
    forces = data.forces.copy()
    forces[650, 2, 1] += 1000.0
    write_extxyz(shared.folder / "one-wrong.xyz", (data.numbers, data.positions, data.energies, forces), "eV")
    result = shared.json("evaluate", "sgdml.safetensors", "one-wrong.xyz")
    energies, predicted = load(shared.folder / "sgdml.safetensors").predict(data.positions)
    for quantity, errors in (("energy", energies - data.energies), ("forces", predicted - forces)):
        assert result[quantity]["p95"] == pytest.approx(np.percentile(np.abs(errors), 95), rel=1e-5)
        assert result[quantity]["max"] == pytest.approx(np.abs(errors).max(), rel=1e-5)
    assert result["forces"]["max"] > 900 > 100 * result["forces"]["p95"]


@pytest.mark.parametrize("kind", KINDS)
def test_evaluate_for_people(shared, kind):
    out, _ = shared("evaluate", f"{kind}.safetensors", "toy.xyz")
    assert "Excluded: 60 frames" in out
    assert re.search(r"MAE .* RMSE .* 95 % .* max .* unit", out)
    assert "kcal/mol/Å" in out
    assert out.rstrip().splitlines()[-2].strip().startswith("supple predict")


def test_evaluate_without_energies(shared):
    data = toy_dataset(10, seed=9)
    write_extxyz(shared.folder / "blind.xyz", (data.numbers, data.positions, None, data.forces), "kcal/mol")
    result = shared.json("evaluate", "sgdml.safetensors", "blind.xyz")
    assert result["energy"] is None
    assert result["forces"]["rmse"] > 0


@pytest.mark.parametrize("kind", KINDS)
def test_predict_writes_what_ase_reads(shared, kind):
    fresh = toy_dataset(5, seed=11)
    write_extxyz(shared.folder / "fresh.xyz", (fresh.numbers, fresh.positions, None, None))
    shared("predict", f"{kind}.safetensors", "fresh.xyz", "--out", f"{kind}-out.xyz")
    frames = ase.io.read(shared.folder / f"{kind}-out.xyz", ":")
    energies, forces = load(shared.folder / f"{kind}.safetensors").predict(fresh.positions)
    np.testing.assert_allclose([frame.get_potential_energy() for frame in frames], energies)
    np.testing.assert_allclose([frame.get_forces() for frame in frames], forces, atol=1e-12)


def test_predict_in_other_units(shared):
    fresh = toy_dataset(2, seed=11)
    write_extxyz(shared.folder / "bohr.xyz", (fresh.numbers, fresh.positions, None, None), "hartree,bohr")
    result = shared.json("predict", "sgdml.safetensors", "bohr.xyz", "--out", "k.xyz", "--out-units", "kcal/mol")
    assert result["n_frames"] == 2
    first = ase.io.read(shared.folder / "k.xyz", "0")
    energies, _ = load(shared.folder / "sgdml.safetensors").predict(fresh.positions)
    assert first.get_potential_energy() == pytest.approx(energies[0] * 23.060547830619026, rel=1e-9)


def test_forces_alone_train_sgdml(shell):
    data = toy_dataset(40)
    write_extxyz(shell.folder / "blind.xyz", (data.numbers, data.positions, None, data.forces), "eV")
    words = ["train", "blind.xyz", "--train", 20, "--valid", 10, "--set", "sigma=8", "--out", "m.safetensors"]
    out, err = shell(*words)
    assert re.search(r"^About \d+(\.\d+)? s in all\.$", err, re.MULTILINE)
    assert re.search(r"Training took .* GiB of memory; \d+ s in all\.", out)
    out, _ = shell(*words)
    assert "GiB of memory." in out
    result = shell.json(*words)
    assert result["validation"]["energy"] is None
    assert any(result["chosen_because"] in note for note in result["notes"])
    out, _ = shell("predict", "m.safetensors", "blind.xyz", "--out", "p.xyz")
    assert "without energies" in out
    assert "energy" not in ase.io.read(shell.folder / "p.xyz", "0").info


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_command_again_does_nothing_and_another_is_refused(shared, kind):
    words = ["train", "toy.xyz", "--model", kind, "--train", 40, "--valid", 20, "--out", f"{kind}.safetensors"]
    for setting in SETTINGS[kind]:
        words += ["--set", setting]
    out, err = shared(*words, "--seed", 7, "--json")
    assert json.loads(out) == shared.results[kind]
    assert "already complete" in err
    sentence = shared.refused(*words, "--seed", 8)
    assert "split.seed was 7, is now 8" in sentence
    assert "train its force field on more frames with --extend" in sentence


def test_settings_from_a_file_and_a_split_from_a_file(shell):
    write_extxyz(shell.folder / "toy.xyz", toy_dataset(40), "eV")
    (shell.folder / "s.yaml").write_text("sigma: 7.5\nlam: 1e-9\n")
    split = {"train": list(range(10)), "valid": [10, 11, 12], "test": [], "seed": 0}
    (shell.folder / "split.json").write_text(json.dumps(split))
    result = shell.json("train", "toy.xyz", "--settings", "s.yaml", "--split", "split.json", "--out", "m.safetensors")
    assert (result["settings"]["sigma"], result["settings"]["lam"]) == (7.5, 1e-9)
    assert (result["n_train"], result["n_valid"]) == (10, 3)


@pytest.fixture
def interrupted(monkeypatch):
    """A user presses Ctrl-C as soon as the fourth line of the log is on disk."""
    log, lines = RunDirectory.log, []

    def log_and_interrupt(self, line):
        log(self, line)
        lines.append(line)
        if len(lines) == 4:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(RunDirectory, "log", log_and_interrupt)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_interrupted_training_keeps_the_best_and_goes_on(shell, interrupted):
    write_extxyz(shell.folder / "toy.xyz", toy_dataset(60), "eV")
    words = ["train", "toy.xyz", "--model", "schnet", "--train", 30, "--valid", 10, "--out", "m.safetensors"]
    words += ["--set", "steps=120", "--set", "features=32", "--set", "interactions=2", "--set", "validate_every=20"]
    _, err = shell(*words, code=130)
    assert "Run the command again to resume" in err
    best = load(shell.folder / "m.run" / "model.safetensors")
    assert best.provenance.validation.forces.rmse > 0
    assert not (shell.folder / "m.safetensors").exists()
    _, err = shell(*words)
    assert "Resuming from step" in err
    assert load(shell.folder / "m.safetensors").provenance.n_train == 30


def test_study_of_two_models(shell, monkeypatch):
    write_extxyz(shell.folder / "toy.xyz", toy_dataset(80), "eV")
    words = [
        "study",
        "toy.xyz",
        "--jobs",
        1,
        "--sizes",
        "10,20",
        "--seeds",
        1,
        "--valid",
        10,
        "--test",
        30,
        "--out",
        "s",
    ]
    words += ["--set", "sgdml.sigma=8"]
    for setting in SETTINGS["schnet"]:
        words += ["--set", f"schnet.{setting}"]
    result = shell.json(*words)
    assert len(result["rows"]) == 2 * 2 * 8
    assert {row["status"] for row in result["rows"]} == {"done"}
    monkeypatch.setattr(Figure, "savefig", lambda figure, file, **options: None)  # rendered above
    out, err = shell(*words)
    assert "All 4 trainings are complete" in err
    assert out.rstrip().splitlines()[-1].strip().startswith("supple evaluate")
    for row in result["rows"]:
        assert (shell.folder / "s" / "cells" / f"toy-{row['model']}-n{row['n_train']}-s{row['seed']}").is_dir()


def test_cite(shared):
    out, _ = shared("cite")
    assert "10.1038/s41467-018-06169-2" in out
    assert "10.1063/1.5019779" in out
    out, _ = shared("cite", "sgdml.safetensors", "--bibtex")
    assert out.count("@article") == 2
    assert "SchNet" not in out


def test_a_process_of_its_own_says_the_same(shared):
    command = ("evaluate", "schnet.safetensors", "toy.xyz", "--json")
    assert shared.process(*command)[0] == shared(*command)[0]
    assert shared.process("train", "none.xyz", code=2)[1] == shared("train", "none.xyz", code=2)[1]


def test_bad_input_names_itself(shared):
    """Each is one sentence, exit code 2, nothing half-written."""
    folder = shared.folder
    refused = shared.refused
    assert "no model file" in refused("evaluate", "none.safetensors", "toy.xyz")
    assert "none.xyz" in refused("train", "none.xyz")
    (folder / "notes.txt").write_text("hello\n")
    assert "an unknown format" in refused("train", "notes.txt")
    assert "not a Supple model" in refused("evaluate", "toy.xyz", "toy.xyz")
    (folder / "short.safetensors").write_bytes((folder / "sgdml.safetensors").read_bytes()[:-100])
    assert "cut short" in refused("predict", "short.safetensors", "toy.xyz")
    lines = (folder / "toy.xyz").read_text().splitlines()
    (folder / "cut.xyz").write_text("\n".join(lines[:-3]) + "\n")
    sentence = refused("train", "cut.xyz")
    assert "frame 99" in sentence
    assert "line" in sentence
    assert "100" in refused("train", "toy.xyz", "--train", 90, "--valid", 20)
    assert "parsec" in refused("train", "toy.xyz", "--units", "eV,parsec")
    few = ("--train", 40, "--valid", 20)
    assert "'gap' is not a model" in refused("train", "toy.xyz", "--model", "gap", *few)
    assert "'sgima' is not a setting of sgdml" in refused("train", "toy.xyz", "--set", "sgima=3", *few)
    assert "sigma" in refused("train", "toy.xyz", "--set", "sigma=-3", *few)
    assert "not a setting" in refused("train", "toy.xyz", "--set", "sigma")
    assert "furlong" in refused("evaluate", "sgdml.safetensors", "toy.xyz", "--report-units", "furlong")
    overlapping = {"train": [0, 1, 2], "valid": [2, 3], "test": [], "seed": 0}
    (folder / "overlap.json").write_text(json.dumps(overlapping))
    assert "overlaps: frame 2" in refused("train", "toy.xyz", "--split", "overlap.json")
    water = "3\n\nO 0 0 0\nH 0 0 0.96\nH 0.93 0 -0.24\n"
    (folder / "water.xyz").write_text(water)
    assert "contains H2O, but the force field was trained on CH4O" in refused(
        "predict", "sgdml.safetensors", "water.xyz"
    )
    shutil.copy(folder / "toy.xyz", folder / "same.xyz")
    assert "input file" in refused("predict", "sgdml.safetensors", "same.xyz", "--out", "same.xyz")


def test_standardised_energies_are_refused_and_nothing_is_left(shell):
    data = toy_dataset(100)
    e = (data.energies - data.energies.mean()) / data.energies.std()
    write_extxyz(shell.folder / "bad.xyz", (data.numbers, data.positions, e, data.forces), "eV")
    for kind in KINDS:
        sentence = shell.refused("train", "bad.xyz", "--model", kind, "--train", 60, "--valid", 20, "--units", "eV")
        assert "standardised" in sentence
        assert "--accept energy-scale" in sentence


def test_evaluate_by_region(shared):
    command = ("evaluate", "sgdml.safetensors", "toy.xyz", "--regions")
    out, _ = shared(*command)
    names = {one["name"] for one in shared.json(*command)["regions"]}
    for heading in ("elements", "atoms", "worst frames"):
        assert heading in out
        assert heading in names


def test_a_target_that_cannot_be_reached_is_refused(shell):
    assert "--target -1 cannot be reached" in shell.refused("study", "toy.xyz", "--target", -1)


def test_swapped_arguments_are_named(shared):
    for command in ("evaluate", "predict", "relax", "scan", "path"):
        sentence = shared.refused(command, "toy.xyz", "sgdml.safetensors")
        assert sentence == f"supple: MODEL and FILE are swapped: write supple {command} sgdml.safetensors toy.xyz."
    assert "write supple md sgdml.safetensors --start toy.xyz" in shared.refused(
        "md", "toy.xyz", "--start", "sgdml.safetensors"
    )
    assert "sgdml.safetensors is a force field, not a dataset" in shared.refused("train", "sgdml.safetensors")


def test_a_blank_in_place_of_a_comma_is_named(shared):
    for option in ("--sizes", "--seeds"):
        sentence = shared.refused("study", "toy.xyz", option, 2, 4)
        assert sentence == "supple: '4' is not a file: separate numbers by commas, without blanks: --sizes 200,400."
    sentence = shared.refused("study", "toy.xyz", "--models", "sgdml", "schnet")
    assert (
        sentence == "supple: 'schnet' is not a file: separate models by commas, without blanks: --models sgdml,schnet."
    )


def test_an_unknown_model_is_named_before_the_data_are_read(shell):
    assert "'gap' is not a model: choose one of sgdml, schnet" in shell.refused("train", "x.xyz", "--model", "gap")


def test_training_prints_each_note_once(shared):
    out, err = shared("train", "toy.xyz", "--train", 20, "--valid", 10, "--set", "sigma=8", "--out", "once.safetensors")
    assert (out + err).count("permutation symmetries") == 1
    assert (out + err).count("sGDML is trained: with fewer than") == 1
    again, _ = shared("train", "toy.xyz", "--train", 20, "--valid", 10, "--set", "sigma=8", "--out", "once.safetensors")
    assert again.count("permutation symmetries") == 1


def test_frames_that_occur_twice_are_left_out_and_named(shell):
    data = toy_dataset(50)
    write_extxyz(shell.folder / "twice.xyz", data.select([*range(50), *range(50)]), "eV")
    out, err = shell("train", "twice.xyz", "--train", 20, "--valid", 10, "--set", "sigma=8", "--out", "m.safetensors")
    note = "twice.xyz: 50 frames equal earlier ones (the first is frame 50) and are neither trained nor tested on."
    assert " ".join((out + err).split()).count(note) == 1
    split = Split.load(shell.folder / "m.run" / "split.json", 100)
    assert max(split.train + split.valid + split.test) < 50
