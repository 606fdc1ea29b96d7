"""Learned metrics as tables: the shares of each kind of entry, and the entries with the largest shares."""

from __future__ import annotations

from dataclasses import dataclass

from supple.study.formatting import percent
from supple.study.learned_metric import LearnedMetric
from supple.study.results_table import Table

#: Entries of each family in the table of the largest.
_LARGEST = 4


@dataclass(frozen=True)
class Share:
    """A share as text, and the length of its bar relative to the longest one of the table."""

    text: str
    bar: float


@dataclass(frozen=True)
class ShareTable:
    """Shares of each kind of entry.

    Attributes:
        families: a column for each.
        lines: a row for each kind, with its shares; None where a family has no entries of this kind.
    """

    families: list[str]
    lines: list[tuple[str, list[Share | None]]]


def shares_by_kind(metric: LearnedMetric) -> ShareTable:
    """The shares of each kind of entry in each family."""
    shares = metric.shares
    largest = max(share for kinds in shares.values() for share in kinds.values())
    lines = []
    for kind in metric.kinds:
        of_kind = [kinds.get(kind) for kinds in shares.values()]
        row = [None if share is None else Share(percent(share), round(share / largest, 3)) for share in of_kind]
        lines.append((kind, row))
    return ShareTable(list(shares), lines)


def largest_entries(metric: LearnedMetric) -> dict[str, Table]:
    """The few entries with the largest shares of each family; equivalent ones are one row."""
    tables = {}
    for family in metric.shares:
        found = [one for one in metric.contributions if one.family == family]
        largest = sorted(found, key=lambda one: -one.share)[:_LARGEST]
        rows = [[one.atoms, one.kind, str(one.count), percent(one.share)] for one in largest]
        tables[family] = Table(["atoms", "kind", "equivalent", "share"], rows)
    return tables
