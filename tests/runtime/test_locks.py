"""One process at a time; on file systems without flock, too."""

import errno
import fcntl

import pytest

from supple.errors import SettingsError
from supple.runtime.locks import locked


def test_a_lock_is_held_during_the_block(tmp_path):
    for _ in range(2):
        with (
            locked(tmp_path / ".lock", "busy"),
            pytest.raises(SettingsError, match=r"^busy$"),
            locked(tmp_path / ".lock", "busy"),
        ):
            pass


def test_a_lock_is_released_by_an_error(tmp_path):
    with pytest.raises(RuntimeError), locked(tmp_path / ".lock", "busy"):
        raise RuntimeError
    with locked(tmp_path / ".lock", "busy"):
        pass


def without_flock(monkeypatch, code):
    def unsupported(*arguments):
        raise OSError(code, "no locks here")

    monkeypatch.setattr(fcntl, "flock", unsupported)


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK])
def test_without_flock_a_file_is_the_lock(tmp_path, monkeypatch, code, caplog):
    without_flock(monkeypatch, code)
    for _ in range(2):
        with (
            locked(tmp_path / ".lock", "Busy."),
            pytest.raises(SettingsError, match=r"^Busy\."),
            locked(tmp_path / ".lock", "Busy."),
        ):
            pass
    assert not (tmp_path / ".lock.held").exists()
    assert [record.message.partition(":")[0] for record in caplog.records] == [
        f"The file system of {tmp_path} has no locks (flock)"
    ]


def test_a_lock_that_nobody_releases_is_not_waited_for_forever(tmp_path, monkeypatch):
    without_flock(monkeypatch, errno.ENOLCK)
    monkeypatch.setattr("supple.runtime.locks._SOFT_PATIENCE", 0.1)
    (tmp_path / ".lock.held").write_text("1\nanother-machine\n")
    with (
        pytest.raises(SettingsError, match=r"^Busy\. If no process is using it, delete .*\.lock\.held"),
        locked(tmp_path / ".lock", "Busy.", wait=True),
    ):
        pass


def test_other_errors_are_not_hidden(tmp_path, monkeypatch):
    without_flock(monkeypatch, errno.EIO)
    with pytest.raises(OSError, match="no locks here"), locked(tmp_path / ".lock", "busy"):
        pass
