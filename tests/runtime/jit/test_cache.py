"""Compiled functions work wherever no cache can be kept, and from a damaged one."""

from __future__ import annotations

import errno
import logging
import os
from pathlib import Path

import pytest
from numba.core import config

from supple.runtime.jit import cache
from supple.runtime.jit.cache import cached_njit, shared_cache


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path / "cache"))
    cache._replacement.cache_clear()
    cache._say_not_kept.cache_clear()


def double(x: float) -> float:
    return 2 * x


def test_functions_are_kept_in_the_usual_folder(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert cached_njit(double)(2.5) == 5.0
    assert list((tmp_path / "cache").rglob("*.nbi"))
    assert not caplog.records


def test_where_no_usual_folder_can_be_written_a_temporary_one_is_shared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(cache, "_usual_folders", lambda: [tmp_path / "file" / "cache"])
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    with shared_cache():
        folder = Path(os.environ["NUMBA_CACHE_DIR"])
        assert cached_njit(double)(2.5) == 5.0
        assert list(folder.rglob("*.nbi"))
        assert folder.stat().st_mode & 0o077 == 0  # code that others wrote would be run
    assert "NUMBA_CACHE_DIR" not in os.environ
    assert [record.message[:34] for record in caplog.records] == ["No folder for compiled code can be"]


def test_without_any_folder_functions_are_compiled(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def nowhere(*arguments: object, **more: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(cache, "_usual_folders", list)
    monkeypatch.setattr("tempfile.TemporaryDirectory", nowhere)
    assert cached_njit(double)(2.5) == 5.0
    assert "cannot be kept" in caplog.text


def test_a_full_disk_only_prevents_keeping(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    caplog.set_level(logging.WARNING)
    monkeypatch.setattr("numba.core.caching.IndexDataCacheFile.save", full)
    assert cached_njit(double)(2.5) == 5.0
    assert "No space left on device" in caplog.text


@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
def test_a_damaged_cache_is_replaced(tmp_path: Path, suffix: str) -> None:
    cached_njit(double)(2.5)
    (file,) = (tmp_path / "cache").rglob(f"*.{suffix}")
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert cached_njit(double)(2.5) == 5.0
    again = cached_njit(double)
    assert again(2.5) == 5.0
    assert again.stats.cache_hits
