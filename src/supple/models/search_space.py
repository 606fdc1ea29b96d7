"""Ranges of settings, for a search; each model states its own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Interval:
    """Numbers from low to high.

    Attributes:
        low, high: the ends, both included.
        log: whether to search on a logarithmic scale.
        whole: whether to take whole numbers only.
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
