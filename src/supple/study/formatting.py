"""How numbers, durations and text are written in tables and sentences."""

from __future__ import annotations

import re

from supple.study.results import Point


def number(value: float) -> str:
    """Three significant digits, without an exponent for usual magnitudes."""
    return f"{value:.0f}" if 100 <= abs(value) < 1e6 else f"{value:#.3g}"


def spread(point: Point | None, ranges: bool = True) -> str:
    """`0.47 (0.45–0.49)`: the median and, with several seeds and if wanted, the range."""
    if point is None:
        return "–"
    text = number(point.median)
    return text if point.n_seeds == 1 or not ranges else f"{text} ({number(point.low)}–{number(point.high)})"


def percent(share: float) -> str:
    """`34 %` for 0.34; one decimal below 10 %."""
    value = 100 * share
    if 0 < value < 0.05:
        return "<0.1 %"
    return f"{value:.1f} %" if value < 9.95 else f"{value:.0f} %"


def finding_text(finding: str) -> str:
    """A finding of study.json (`severity: sentence`) as reports show it: serious findings are errors."""
    return re.sub(r"^serious: ", "error: ", finding)


def markdown(text: str) -> str:
    """Arbitrary text as one line of Markdown that shows it literally."""
    line = " ".join(text.split())
    line = re.sub(r"([\\`*|\[\]~#])", r"\\\1", line).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", line)
