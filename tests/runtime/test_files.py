"""Files are replaced in one step, or not at all."""

import os
import threading

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


def test_a_link_stays_and_what_it_points_to_is_replaced(tmp_path):
    (tmp_path / "far").mkdir()
    target, link = tmp_path / "far" / "target.txt", tmp_path / "link.txt"
    link.symlink_to("far/target.txt")
    for text in ("new", "newer"):  # at first it points to nothing
        write_text(link, text)
        assert link.is_symlink()
        assert target.read_text() == text
    assert list((tmp_path / "far").iterdir()) == [target]


def test_permissions_stay(tmp_path):
    file = tmp_path / "private.txt"
    write_text(file, "old")
    file.chmod(0o600)
    write_text(file, "new")
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_pipe_is_written_to(tmp_path):
    pipe, received = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: received.append(pipe.read_text()))
    reader.start()
    write_text(pipe, "text")
    reader.join()
    assert received == ["text"]
    assert pipe.is_fifo()
    with pytest.raises(RuntimeError), replacing(pipe):  # nothing is written, so nobody has to read
        raise RuntimeError
    assert list(tmp_path.iterdir()) == [pipe]
