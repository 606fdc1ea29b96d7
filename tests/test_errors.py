"""Messages can be printed on any terminal, whatever the names in them are."""

import pytest

from supple.errors import SuppleError, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("C₂H₆O, 5 Å, “glycine”", "C₂H₆O, 5 Å, “glycine”"),
        ("a\x1b[2Jb", r"a\x1b[2Jb"),
        ("a\x07\x00\x7f\x9b", r"a\x07\x00\x7f\x9b"),
        ("\u202etxt.exe", r"\u202etxt.exe"),
        ("two\nlines", r"two\nlines"),
    ],
)
def test_printable(text, shown):
    assert printable(text) == shown


def test_messages():
    assert str(SuppleError("There is no file \x1b]0;gone\x07.")) == r"There is no file \x1b]0;gone\x07."
