"""What a setting may be when settings are searched for; each model says it of its own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Interval:
    """Numbers from low to high.

    Attributes:
        log: equal factors are equally likely, not equal differences.
        whole: whole numbers only.
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False


@dataclass(frozen=True)
class OneOf:
    """One of these values."""

    values: tuple[str | float | int, ...]


Range = Interval | OneOf
