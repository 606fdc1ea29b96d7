"""--select and --blocks of `supple train` and `supple study`."""

import json

import pytest
from toy import toy_dataset

from supple import load
from supple.data.selection import SELECTIONS, split_dataset
from supple.data.writing import write_extxyz

QUICK = ("--train", 12, "--valid", 8, "--set", "sigma=8", "--out", "m.safetensors")


@pytest.fixture
def toys(shell):
    """A folder with a file of 60 frames."""
    write_extxyz(shell.folder / "toy.xyz", toy_dataset(60), "eV")
    return shell


def test_train_on_selected_frames(toys):
    out, err = toys("train", "toy.xyz", "--select", "farthest", "--blocks", 10, *QUICK)
    assert "not a random sample of the data: judge the force field by its validation frames" in " ".join(out.split())
    split = json.loads((toys.folder / "m.run" / "split.json").read_text())
    wanted = split_dataset(toy_dataset(60), 12, 8, select="farthest", blocks=10)
    assert (split["select"], split["blocks"]) == ("farthest", 10)
    assert (tuple(split["train"]), tuple(split["valid"])) == (wanted.train, wanted.valid)
    notes = load(toys.folder / "m.safetensors").provenance.notes
    assert "Frames drawn with select farthest and blocks 10." in notes
    assert f"Errors on {len(wanted.test)} test frames from separate time blocks" in out
    _, err = toys("train", "toy.xyz", "--select", "farthest", "--blocks", 10, *QUICK)
    assert "already complete" in err
    sentence = toys.refused("train", "toy.xyz", "--select", "energy", "--blocks", 10, *QUICK)
    assert 'split.select was "farthest", is now "energy"' in sentence


def test_a_run_from_before_there_were_selections_goes_on(toys):
    toys("train", "toy.xyz", *QUICK)
    configuration = json.loads((toys.folder / "m.run" / "run.json").read_text())["configuration"]
    assert not {"select", "blocks"} & set(configuration["split"])  # as it was then
    _, err = toys("train", "toy.xyz", "--select", "random", *QUICK)
    assert "already complete" in err


def test_what_is_refused(toys):
    refused = toys.refused
    sentence = refused("train", "toy.xyz", "--select", "fps")
    assert f"'fps' is not a way to choose training frames: choose one of {', '.join(SELECTIONS.names)}" in sentence
    assert "'fps' is not a way to choose" in refused("study", "toy.xyz", "--select", "fps")
    (toys.folder / "split.json").write_text('{"train": [0, 1], "valid": [2]}')
    for option in (("--select", "random"), ("--blocks", 5)):
        sentence = refused("train", "toy.xyz", "--split", "split.json", *option)
        assert "split.json already determines the frames" in sentence
        assert "leave out --select and --blocks, or --split" in sentence
    assert "2 blocks are not enough" in refused("train", "toy.xyz", "--blocks", 2, *QUICK)
    data = toy_dataset(40)
    write_extxyz(toys.folder / "blind.xyz", (data.numbers, data.positions, None, data.forces), "eV")
    assert "blind.xyz has no energies by which to choose" in refused("train", "blind.xyz", "--select", "energy", *QUICK)


def test_study_of_one_selection(toys):
    words = ["study", "toy.xyz", "--models", "sgdml", "--set", "sgdml.sigma=8", "--seeds", "1", "--valid", 6]
    words += ["--test", 10, "--out", "s", "--select", "balanced"]
    toys(*words, "--sizes", "10", "--blocks", 10)
    split = json.loads((toys.folder / "s/cells/toy-sgdml-n10-s0/split.json").read_text())
    wanted = split_dataset(toy_dataset(60), 10, 6, 10, select="balanced", blocks=10)
    assert tuple(split["train"]) == wanted.train
    assert "--select balanced --blocks 10" in (toys.folder / "s" / "report.md").read_text()
    sentence = toys.refused(*words, "--sizes", "12")
    assert "s contains a study with --blocks 10, now it is no --blocks: choose another folder (--out)" in sentence
