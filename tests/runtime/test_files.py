"""Files are replaced in one step, or not at all."""

import pytest

from supple.runtime.files import copy_file, replacing, write_json, write_text


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path):
    file = tmp_path / "a.txt"
    write_text(file, "old")
    with pytest.raises(RuntimeError), replacing(file) as temporary:
        temporary.write_text("half of the ne")
        raise RuntimeError
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_folders_are_made_and_permissions_are_usual(tmp_path):
    file = tmp_path / "new" / "a.json"
    with replacing(file) as temporary:
        temporary.unlink()
        temporary.touch(mode=0o600)
    (tmp_path / "usual").touch()
    assert file.stat().st_mode == (tmp_path / "usual").stat().st_mode
    write_json(file, {"Å": 1})
    copy_file(file, tmp_path / "copy.json")
    assert (tmp_path / "copy.json").read_text(encoding="utf-8") == '{\n "Å": 1\n}\n'
