"""Rounded numbers are written as people write them."""

import pytest

from supple.runtime.rounding import rounded


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (159.4, 2, "160"),
        (99.6, 2, "100"),
        (-4184.0, 3, "-4180"),
        (43.2, 2, "43"),
        (0.00012, 3, "0.00012"),
        (2.5e7, 2, "2.5e+07"),
        (float("nan"), 2, "nan"),
        (0.0, 3, "0"),
    ],
)
def test_exponents_are_for_unusual_magnitudes(value: float, digits: int, text: str) -> None:
    assert rounded(value, digits) == text
