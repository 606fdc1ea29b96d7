"""What the commands write replaces nothing of the user's: refused before anything is computed, in one sentence."""

import os
import shutil

import pytest
from cli.conftest import SETTINGS, Shell
from inline_workers import sample_here
from toy import toy_dataset

from supple.cli.main import GROUPS
from supple.data.writing import write_extxyz
from supple.simulation.analysis import is_report
from supple.study.study_file import is_study

QUICK = ("--train", 20, "--valid", 10, "--set", "sigma=8", "--set", "energies=integrated")
#: For each command that writes a file: the words before the name of its output, the suffix of that, and what it reads.
FILES = {
    "check": (("check", "toy.xyz", "--html"), ".html", "toy.xyz"),
    "convert": (("convert", "toy.xyz"), ".xyz", "toy.xyz"),
    "train": (("train", "toy.xyz", *QUICK, "--out"), ".safetensors", "toy.xyz"),
    "predict": (("predict", "m.safetensors", "toy.xyz", "--out"), ".xyz", "toy.xyz"),
    "calibrate": (("calibrate", "m.safetensors", "toy.xyz", "--out"), ".safetensors", "m.safetensors"),
    "select": (("select", "toy.xyz", "--model", "m.safetensors", "--out"), ".xyz", "toy.xyz"),
    "relax": (("relax", "m.safetensors", "toy.xyz", "--out"), ".xyz", "toy.xyz"),
    "scan": (("scan", "m.safetensors", "toy.xyz", "--out"), ".xyz", "toy.xyz"),
    "path": (("path", "m.safetensors", "toy.xyz", "--out"), ".xyz", "toy.xyz"),
    "md": (("md", "m.safetensors", "--start", "toy.xyz", "--out"), ".xyz", "toy.xyz"),
    "sample": (("sample", "--label", "toy.xyz", "--method", "fake_calculators:springs", "--out"), ".xyz", "toy.xyz"),
    "export": (("export", "m.safetensors", "--out"), ".npz", "m.safetensors"),
}
#: For each command that writes a folder: the words before its name.
FOLDERS = {
    "study": ("study", "toy.xyz", "--out"),
    "demo": ("demo", "--out"),
    "tune": ("tune", "toy.xyz", *QUICK[:4], "--out"),
    "analyse": ("analyse", "toy.xyz", "--out"),
    "grow": ("grow", "toy.xyz", "--method", "fake_calculators:cheap", "--drive", "fake_calculators:springs", "--out"),
}
#: Commands that only print; `ipi` talks to a server.
PRINT = {"evaluate", "published", "cite", "ipi"}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory, shared):
    folder = tmp_path_factory.mktemp("outputs")
    write_extxyz(folder / "toy.xyz", toy_dataset(40), "kcal/mol")
    shutil.copy(shared.folder / "sgdml.safetensors", folder / "m.safetensors")
    return folder


@pytest.fixture
def here(prepared, tmp_path):
    return Shell(shutil.copytree(prepared, tmp_path / "here"))


def contents(folder):
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def unchanged(here, *words):
    before = contents(here.folder)
    sentence = here.refused(*words)
    assert contents(here.folder) == before
    return sentence


def test_every_command_is_here():
    assert {function.__name__ for group in GROUPS.values() for function in group} == {*FILES, *FOLDERS, *PRINT}


@pytest.mark.parametrize("command", FILES)
def test_no_input_is_replaced(here, command):
    words, suffix, read = FILES[command]
    (here.folder / f"hard{suffix}").hardlink_to(here.folder / read)
    (here.folder / f"soft{suffix}").symlink_to(read)
    for name in (f"hard{suffix}", f"soft{suffix}"):
        assert "is an input file" in unchanged(here, *words, name, "--overwrite")


@pytest.mark.parametrize("command", FILES)
def test_no_other_file_is_replaced_unasked(here, command):
    words, suffix, _ = FILES[command]
    (here.folder / f"old{suffix}").write_text("of the user")
    assert f"old{suffix} already exists" in unchanged(here, *words, f"old{suffix}")
    if command in ("scan", "path"):
        (here.folder / "new.pdf").write_text("of the user")
        assert "new.pdf already exists" in unchanged(here, *words, "new.xyz")


@pytest.mark.parametrize("command", FILES)
def test_what_cannot_be_written_is_refused_before_anything_is_computed(here, command):
    words, suffix, _ = FILES[command]
    (here.folder / f"folder{suffix}").mkdir()
    assert "is where results are printed" in unchanged(here, *words, "-")
    assert "is a folder" in unchanged(here, *words, f"folder{suffix}")
    assert "is too long" in unchanged(here, *words, "x" * 250 + f"xxxxxx{suffix}")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("/dev/stdout", "is where results are printed"),
        ("", "does not name a file"),
        ("new/", "does not name a file"),
        ("toy.xyz/x.xyz", "is not a folder"),
        (os.fsdecode(b"x\xff.xyz"), "is not valid UTF-8"),
    ],
)
def test_names_that_are_no_names_of_files(here, name, said):
    assert said in unchanged(here, "predict", "m.safetensors", "toy.xyz", "--out", name)


@pytest.mark.parametrize("command", FOLDERS)
def test_folders_of_the_user_are_not_written_into(here, command):
    (here.folder / "mine").mkdir()
    (here.folder / "mine" / "report.md").write_text("of the user")
    assert "mine" in unchanged(here, *FOLDERS[command], "mine")
    assert "is a file" in unchanged(here, *FOLDERS[command], "toy.xyz")


def test_the_name_of_the_page_forgotten(here):
    shutil.copy(here.folder / "toy.xyz", here.folder / "other.xyz")
    said = unchanged(here, "check", "--html", "toy.xyz", "other.xyz", "--overwrite")
    assert "--html is followed by the name of the page, which must end in .html: toy.xyz does not" in said


def test_a_member_of_a_folder_or_pattern_is_an_input(here):
    (here.folder / "data").mkdir()
    shutil.copy(here.folder / "toy.xyz", here.folder / "data" / "a.xyz")
    for source in ("data", "data/*.xyz"):
        assert "is an input file" in unchanged(here, "convert", source, "data/a.xyz", "--overwrite")


def test_own_files_are_replaced_without_a_word(here):
    write_extxyz(here.folder / "few.xyz", toy_dataset(4), "eV")
    for _ in range(2):
        here("check", "few.xyz", "--html", "page.html")


def test_another_model_in_the_place_of_that_of_a_run_is_kept(shared, tmp_path):
    """The run is complete, so that nothing is trained; without the other model its own is there already."""
    here = Shell(tmp_path)
    for name in ("toy.xyz", "sgdml.safetensors"):
        shutil.copy(shared.folder / name, tmp_path)
    shutil.copytree(shared.folder / "sgdml.run", tmp_path / "sgdml.run")
    settings = [word for setting in SETTINGS["sgdml"] for word in ("--set", setting)]
    command = ("train", "toy.xyz", "--train", 40, "--valid", 20, "--seed", 7, *settings, "--out", "sgdml.safetensors")
    here(*command)
    (tmp_path / "sgdml.safetensors").write_text("another one")
    assert "sgdml.safetensors already exists" in unchanged(here, *command)
    here(*command, "--overwrite")
    assert (tmp_path / "sgdml.safetensors").read_bytes() == (tmp_path / "sgdml.run" / "model.safetensors").read_bytes()


def test_frames_that_were_changed_by_hand_are_kept(here, monkeypatch):
    sample_here(monkeypatch)
    monkeypatch.setattr("fake_calculators.Springs.rest", None)
    write_extxyz(here.folder / "few.xyz", toy_dataset(2), "eV")
    command = ("sample", "--label", "few.xyz", "--method", "fake_calculators:springs", "--out", "s.xyz")
    for _ in range(2):
        here(*command)
    file = here.folder / "s.xyz"
    whole = file.read_text()
    file.write_text(whole.replace("origin", "source"))
    assert "s.xyz already exists" in unchanged(here, *command)
    here(*command, "--overwrite")
    assert file.read_text() == whole


def test_a_link_is_written_through_and_a_device_to(here):
    (here.folder / "far.xyz").write_text("old")
    (here.folder / "link.xyz").symlink_to("far.xyz")
    here("predict", "m.safetensors", "toy.xyz", "--out", "link.xyz", "--overwrite")
    assert (here.folder / "link.xyz").is_symlink()
    assert (here.folder / "far.xyz").read_text().startswith("6\n")
    here("predict", "m.safetensors", "toy.xyz", "--out", "/dev/null")


def test_a_simulation_and_a_training_do_not_share_a_folder(here):
    here("md", "m.safetensors", "--start", "toy.xyz", "--time", "4fs", "--every", "2fs", "--on-leave", "warn",
         "--out", "t.xyz")  # fmt: skip
    said = unchanged(here, "train", "toy.xyz", *QUICK, "--out", "t.safetensors")
    assert "t.run belongs to a run of another kind (molecular dynamics): choose another output" in said


def test_folders_of_earlier_runs_are_own(tmp_path):
    for own, name in ((is_report, "analysis.json"), (is_study, "study.json")):
        (tmp_path / "report.md").touch()
        assert not own(tmp_path)
        (tmp_path / name).touch()
        assert own(tmp_path)
    (tmp_path / "lost" / "cells").mkdir(parents=True)
    assert is_study(tmp_path / "lost")
