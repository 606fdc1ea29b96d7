"""No output replaces an input, or a file that the command did not make; what cannot be written is refused before."""

import os
import tempfile
from pathlib import Path

import pytest

from supple.errors import OutputError
from supple.runtime.output_files import copy_of, output_path, require_file, require_writable, require_writable_folder


@pytest.fixture
def data(tmp_path):
    file = tmp_path / "data.xyz"
    file.write_text("mine")
    return file


@pytest.mark.parametrize("name", ["data.xyz", "./data.xyz", "sub/../data.xyz", "hard.xyz", "soft.xyz", "far.xyz"])
def test_an_input_is_never_replaced_under_whatever_name(data, name):
    (data.parent / "sub").mkdir()
    (data.parent / "hard.xyz").hardlink_to(data)
    (data.parent / "soft.xyz").symlink_to("data.xyz")
    (data.parent / "far.xyz").symlink_to("soft.xyz")
    with pytest.raises(OutputError, match="is an input file"):
        require_writable(data.parent / name, [data.parent / "gone.xyz", data], overwrite=True)


def test_an_existing_file_needs_a_word_unless_it_is_own(data, tmp_path):
    with pytest.raises(OutputError, match=r"data\.xyz already exists: choose another name, or use --overwrite"):
        require_writable(data)
    require_writable(data, overwrite=True)
    require_writable(tmp_path / "new" / "deep" / "x.xyz")
    assert not (tmp_path / "new").exists()
    original = tmp_path / "original"
    own = copy_of(original)
    with pytest.raises(OutputError, match="already exists"):
        require_writable(data, own=own)
    original.write_text("mine")
    require_writable(data, own=own)
    original.write_text("ours")
    with pytest.raises(OutputError, match="already exists"):
        require_writable(data, own=own)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("data.xyz/x.xyz", "is not a folder"),
        ("", "is a folder: give a file name"),
        ("x" * 256, "has a name of 256 bytes, which is too long"),
        ("é" * 130, "has a name of 260 bytes, which is too long"),
        (os.fsdecode(b"x\xff.xyz"), r"'.*x\\udcff\.xyz' is not valid UTF-8"),
        ("x\0.xyz", r"x\\0\.xyz' has a null character"),
    ],
)
def test_what_cannot_be_written(data, name, says):
    with pytest.raises(OutputError, match=says):
        require_writable(data.parent / name, overwrite=True)


def test_write_protected_places(data, monkeypatch):
    def refuse(**where):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    for require in (require_writable, require_writable_folder):
        with pytest.raises(OutputError, match=r"cannot be written into .* \(Permission denied\)"):
            require(data.parent / "new" / "x.xyz")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(OutputError, match="is write-protected"):
        require_writable(data, overwrite=True)


@pytest.mark.parametrize("text", ["-", "/dev/stdout", "/dev/fd/1", "", "new/"])
def test_what_is_not_the_name_of_a_file(text):
    with pytest.raises(OutputError, match="name"):
        output_path(text)


def test_devices_are_written_to_but_hold_no_run():
    assert output_path("/dev/null") == Path("/dev/null")
    require_writable(Path("/dev/null"))
    with pytest.raises(OutputError, match="is a device or a pipe"):
        require_file(Path("/dev/null"))


def test_folders_with_other_files_need_a_word(data, tmp_path):
    with pytest.raises(OutputError, match="is a file"):
        require_writable_folder(data)
    with pytest.raises(OutputError, match="has other files in it"):
        require_writable_folder(tmp_path)
    require_writable_folder(tmp_path, overwrite=True)
    require_writable_folder(tmp_path, own=lambda folder: (folder / "data.xyz").exists())
    (tmp_path / "empty").mkdir()
    require_writable_folder(tmp_path / "empty")
    require_writable_folder(tmp_path / "new")
