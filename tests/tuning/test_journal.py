"""A journal that an interruption has damaged is repaired, and any other damage is said; no trial gets the numbers of another."""

from __future__ import annotations

from pathlib import Path

import pytest

from supple.errors import SettingsError
from supple.tuning.journal import journal_file, open_journal, quiet_optuna, repair_journal


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """The folder of a search with three complete trials."""
    quiet_optuna()
    study = open_journal(tmp_path, create=True)
    for value in (3.0, 1.0, 2.0):
        trial = study.ask()
        trial.suggest_float("sigma", 1.0, 10.0)
        study.tell(trial, value)
    return tmp_path


def values(out: Path) -> list[float | None]:
    return [trial.value for trial in open_journal(out, create=True).trials]


def test_a_sound_journal_is_left_alone(out: Path) -> None:
    before = journal_file(out).read_bytes()
    assert repair_journal(out) is None
    assert journal_file(out).read_bytes() == before


def test_there_may_be_none(tmp_path: Path) -> None:
    assert repair_journal(tmp_path) is None
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "end", [b'{"op_code":6,"worker_id":"x","tri', b"\n", b"\0" * 512, b"\n\n\0\0\n", b"\xff\xfe", b"{}"]
)
def test_what_an_interruption_leaves_is_removed(out: Path, end: bytes) -> None:
    before = journal_file(out).read_bytes()
    journal_file(out).write_bytes(before + end)
    sentence = repair_journal(out)
    assert sentence is not None
    assert "trials.log" in sentence
    assert journal_file(out).read_bytes() == before
    assert values(out) == [3.0, 1.0, 2.0]


def test_blank_lines_within_are_removed(out: Path) -> None:
    before = journal_file(out).read_bytes()
    journal_file(out).write_bytes(before.replace(b"\n", b"\n\n\0\0\n", 2))
    assert repair_journal(out)
    assert journal_file(out).read_bytes() == before


@pytest.mark.parametrize("line", [b"garbage", b'{"op_code":', b"[1]", b'{"a": 1}', b"[" * 5000])
def test_a_damaged_line_within_is_said_and_nothing_is_changed(out: Path, line: bytes) -> None:
    lines = journal_file(out).read_bytes().split(b"\n")
    lines[2] = line
    journal_file(out).write_bytes(b"\n".join(lines))
    with pytest.raises(SettingsError, match=r"Line 3 of .*trials\.log is damaged"):
        repair_journal(out)
    assert journal_file(out).read_bytes() == b"\n".join(lines)


def test_a_record_that_optuna_cannot_follow_is_said(out: Path) -> None:
    lines = journal_file(out).read_bytes().split(b"\n")
    journal_file(out).write_bytes(b"\n".join([*lines[:2], b'{"op_code": 5, "trial_id": "none"}', *lines[2:]]))
    repair_journal(out)
    with pytest.raises(SettingsError, match=r"trials\.log is damaged \(Optuna"):
        values(out)
