"""JSON that is damaged or forged is refused with a few words, whatever its depth or size."""

import pytest

from supple.runtime import json_records
from supple.runtime.json_records import parse_json, read_json


def test_what_json_is_is_read():
    assert parse_json('{"a": [1, {"b": null}], "c": 1e3}') == {"a": [1, {"b": None}], "c": 1000.0}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 100_000 + "]" * 100_000, "nested too deeply"),
        ("[" * 150 + "]" * 150, "nested too deeply"),
        ('{"a": ' * 150 + "1" + "}" * 150, "nested too deeply"),
        ('{"a": {"b": 1, "b": 2}}', "'b' occurs twice"),
        ("1" * 5000, "digits"),
        ("{", "line 1"),
    ],
)
def test_what_is_refused(text, reason):
    with pytest.raises(ValueError, match=reason):
        parse_json(text)


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(json_records, "_LARGEST_FILE", 10)
    (tmp_path / "a.json").write_text("[1, 2, 3, 4, 5]")
    with pytest.raises(ValueError, match="larger than"):
        read_json(tmp_path / "a.json")


def test_invalid_text_is_refused(tmp_path):
    (tmp_path / "a.json").write_bytes(b'"\xff"')
    with pytest.raises(ValueError, match="codec"):
        read_json(tmp_path / "a.json")
