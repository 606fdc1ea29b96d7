"""Wherever a command takes a file of geometries, it takes the name of a bundled set, in a folder that holds no such file."""

from pathlib import Path

import pytest
from cli.conftest import Shell

import supple
from supple.cli import sample
from supple.data.bundled import bundled_path
from supple.errors import SuppleError
from supple.simulation.trajectories import read_trajectory


@pytest.fixture(scope="module")
def glycine(tmp_path_factory):
    """A folder with a small force field of glycine, trained by the name of the data."""
    shell = Shell(tmp_path_factory.mktemp("bundled"))
    shell(
        "train", "glycine", "--model", "sgdml", "--train", 20, "--valid", 10, "--out", "gly.safetensors",
        "--set", "metric=uniform", "--set", "sigma=10",
    )  # fmt: skip
    return shell


def test_the_name_of_the_data_becomes_that_of_the_output(glycine):
    glycine("predict", "gly.safetensors", "glycine")
    assert len(supple.read(glycine.folder / "glycine-predicted.xyz")) == 2400


@pytest.mark.parametrize(
    ("words", "made"),
    [
        (("convert", "glycine", "glycine.npz"), "glycine.npz"),
        (("select", "glycine", "--model", "gly.safetensors", "--count", 2), "glycine-selected.xyz"),
        (("calibrate", "gly.safetensors", "glycine"), "gly-calibrated.safetensors"),
        (("md", "gly.safetensors", "--start", "glycine", "--reference", "glycine", "--time", "10fs"), "md.xyz"),
    ],
)
def test_files_are_written_by_commands_on_bundled_data(glycine, words, made):
    glycine(*words)
    assert (glycine.folder / made).exists()


def test_errors_are_of_the_bundled_frames_that_were_not_trained_on(glycine):
    assert glycine.json("evaluate", "gly.safetensors", "glycine")["n_frames"] == 2400 - 30


@pytest.mark.parametrize("command", ["scan", "path"])
def test_scans_and_paths_start_from_bundled_frames(glycine, command):
    error = glycine.refused(command, "gly.safetensors", "azobenzene")
    assert "azobenzene" in error and "C12H10N2" in error  # read, and of another molecule than the force field


def test_a_trajectory():
    assert len(read_trajectory("glycine")) == 2400


def test_labels_for_the_frames_of_a_bundled_set():
    plan = sample._labels(None, None, {}, None, Path("glycine"))
    assert sum(segment.expected for segment in plan.segments()) == 2400
    with pytest.raises(SuppleError, match="There is no file tyrosine"):
        sample._labels(None, None, {}, None, Path("tyrosine"))


def test_a_file_of_that_name_comes_first(glycine):
    (glycine.folder / "azobenzene").mkdir()
    frames = supple.read(bundled_path("glycine")).select([0, 1, 2])
    supple.write(glycine.folder / "azobenzene" / "mine.xyz", frames)
    glycine("convert", "azobenzene", "mine.npz")
    assert len(supple.read(glycine.folder / "mine.npz")) == 3
