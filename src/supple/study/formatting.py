"""How numbers and names are written in tables and sentences."""

from __future__ import annotations

import re

from supple.models.registry import MODELS, settings_class
from supple.study.results import Point


def display_name(kind: str) -> str:
    """A kind of model as its authors write it."""
    return settings_class(kind).display_name if kind in MODELS else kind


def number(value: float) -> str:
    """Three significant digits, without an exponent for what a reader meets."""
    return f"{value:.0f}" if 100 <= abs(value) < 1e6 else f"{value:#.3g}"


def spread(point: Point | None, ranges: bool = True) -> str:
    """`0.47 (0.45–0.49)`: the median and, with several seeds and if it is wanted, the range."""
    if point is None:
        return "–"
    text = number(point.median)
    return text if point.n_seeds == 1 or not ranges else f"{text} ({number(point.low)}–{number(point.high)})"


def duration(seconds: float) -> str:
    """Seconds, minutes or hours, whichever reads best."""
    if seconds < 120:
        return f"{seconds:.3g} s" if seconds < 1 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def markdown(text: str) -> str:
    """Text that may hold anything, as one line of Markdown that shows it as it is."""
    line = " ".join(text.split())
    line = re.sub(r"([\\`*|\[\]~#])", r"\\\1", line).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", line)
