"""Numbers as text files write them, and what Python alone would take for numbers."""

import math

import pytest

from supple.data.reading.text_numbers import parse_count, parse_number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-1.5", -1.5),
        ("+.5", 0.5),
        ("1.", 1),
        ("1e-3", 1e-3),
        ("1.0D-3", 1e-3),
        ("-2.079d+03", -2079),
        ("-inf", -math.inf),
    ],
)
def test_numbers(text, value):
    assert parse_number(text) == value


@pytest.mark.parametrize(
    "text", ["1_2.5", "0x1F", "infinity", "1,5", "1.5,", "", "-", ".", "1 2", "1.5eV", "١٢", "***", "1.0E", "e5"]
)
def test_no_numbers(text):
    assert parse_number(text) is None


def test_not_a_number_is_read_as_such():
    assert math.isnan(parse_number("NaN"))


@pytest.mark.parametrize(
    ("text", "count"), [("3", 3), ("0", 0), ("1_0", None), ("-1", None), ("٣", None), ("9" * 10, None)]
)
def test_counts(text, count):
    assert parse_count(text) == count
