"""Rounded numbers in sentences and tables, without exponents where people write none."""

from __future__ import annotations


def rounded(value: float, digits: int = 3) -> str:
    """A number with so many significant digits: `160`, where Python's own format gives `1.6e+02`."""
    text = f"{value:.{digits}g}"
    return f"{float(text):.0f}" if "e+" in text and abs(value) < 1e6 else text
