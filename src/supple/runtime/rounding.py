"""Rounded numbers in sentences and tables, without exponents where people write none."""

from __future__ import annotations


def rounded(value: float, digits: int = 3) -> str:
    """A number with so many significant digits: `160`, where Python's own format gives `1.6e+02`."""
    text = f"{value:.{digits}g}"
    return f"{float(text):.0f}" if "e+" in text and abs(value) < 1e6 else text


def duration(seconds: float) -> str:
    """In seconds, minutes or hours, depending on the magnitude."""
    if seconds < 120:
        return f"{seconds:.3g} s" if seconds < 1 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
