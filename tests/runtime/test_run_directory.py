"""A run directory explains itself, is resumed by the same configuration alone, and belongs to one process at a time."""

import json
import subprocess
import sys

import pytest

from supple.errors import OutputError, SettingsError
from supple.runtime.run_directory import RunDirectory, differences


def test_the_same_configuration_opens_it_again(tmp_path):
    first = RunDirectory.open(tmp_path / "run", {"settings": {"sigma": 3}})
    assert first.result is None
    first.finish({"seconds": 1.0})
    again = RunDirectory.open(tmp_path / "run", {"settings": {"sigma": 3}})
    assert again.result == {"seconds": 1.0}
    assert "complete" in repr(again)


def test_another_configuration_is_refused_and_the_difference_named(tmp_path):
    RunDirectory.open(tmp_path / "run", {"settings": {"sigma": 3, "lam": 1e-10}, "seed": 0})
    with pytest.raises(SettingsError, match=r"settings\.sigma was 3, is now 4; seed was 0, is now null"):
        RunDirectory.open(tmp_path / "run", {"settings": {"sigma": 4, "lam": 1e-10}})


def test_differences_of_equal_things_are_none():
    assert differences({"a": [1, {"b": 2}]}, {"a": [1, {"b": 2}]}) == []


def test_a_run_of_another_kind_is_refused(tmp_path):
    RunDirectory.open(tmp_path / "run", {"seed": 0}, "molecular dynamics")
    with pytest.raises(SettingsError, match=r"another kind \(molecular dynamics\): choose another output"):
        RunDirectory.open(tmp_path / "run", {"seed": 0}, "training")
    record = tmp_path / "run" / "run.json"
    content = json.loads(record.read_text())
    del content["kind"]  # as earlier versions wrote it
    record.write_text(json.dumps(content))
    RunDirectory.open(tmp_path / "run", {"seed": 0}, "training")


def test_files_of_the_user_are_not_taken_over(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / ".lock").touch()  # of another process that starts the same run
    RunDirectory.open(folder, {}).model_file.write_text("a force field")
    (folder / "run.json").unlink()
    with pytest.raises(OutputError, match=r"run has files but no run\.json"):
        RunDirectory.open(folder, {})
    assert {file.name for file in folder.iterdir()} == {".lock", "model.safetensors"}
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="is a file"):
        RunDirectory.open(tmp_path / "file", {})


@pytest.mark.parametrize("content", ["", "[]", "{", '"text"', '{"configuration": 3}', '{"versions": []}'])
def test_a_damaged_record_is_said_to_be_so(tmp_path, content):
    RunDirectory.open(tmp_path / "run", {})
    (tmp_path / "run" / "run.json").write_text(content)
    with pytest.raises(SettingsError, match="delete its folder to start again"):
        RunDirectory.open(tmp_path / "run", {})


def test_two_processes_cannot_train_in_one(tmp_path):
    run = RunDirectory.open(tmp_path / "run", {})
    code = (
        "import sys; from pathlib import Path; from supple.runtime.run_directory import RunDirectory; run = RunDirectory(Path(sys.argv[1]))\n"
        "with run.claimed(): print('mine', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(run.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout.readline() == "mine\n"
    with pytest.raises(SettingsError, match="Another process is using"), run.claimed():
        pass
    other.kill()  # as hard as can be: the claim goes with it
    other.communicate()
    with run.claimed():
        pass


def test_a_refused_run_leaves_nothing(tmp_path):
    run = RunDirectory.open(tmp_path / "run", {})
    with pytest.raises(SettingsError), run.removed_if_refused(), run.claimed():
        raise SettingsError("no")
    assert not run.path.exists()
    kept = RunDirectory.open(tmp_path / "kept", {})
    kept.model_file.touch()
    with pytest.raises(SettingsError), kept.removed_if_refused():
        raise SettingsError("no")
    assert kept.path.exists()
