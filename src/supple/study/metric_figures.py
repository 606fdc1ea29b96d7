"""Learned metrics as figures for papers: the shares of each kind of entry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from supple.runtime.files import write_figure
from supple.study.formatting import percent
from supple.study.learned_metric import KIND, LearnedMetric
from supple.study.model_style import colour_of
from supple.study.titled_figure import titled_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Room for the number beside the longest bar, relative to its length.
_ROOM = 1.3


def write_metric_figure(name: str, metric: LearnedMetric, folder: Path) -> list[Path]:
    """Draw the metric of a dataset, as PNG and PDF.

    Returns:
        The files, the PNG before the PDF.
    """
    return write_figure(folder / f"{name}-metric", metric_figure(name, metric))


def metric_figure(name: str, metric: LearnedMetric) -> Figure:
    """Horizontal bars of the shares (%) of each kind of entry, with a panel for each family of terms."""
    kinds, shares = metric.kinds, metric.shares
    title = f"{name}: shares of the squared distance between geometries"
    figure = titled_figure(max(2.2 * len(shares) + 1.8, 5.4), 0.32 * len(kinds) + 1.4, title, metric.shown)
    panels = figure.subplots(1, len(shares), sharex=True, sharey=True, squeeze=False)[0]
    for axes, (family, of_kinds) in zip(panels, shares.items(), strict=True):
        found = [kind for kind in kinds if kind in of_kinds]
        rows = [kinds.index(kind) for kind in found]
        values = [100 * of_kinds[kind] for kind in found]
        bars = axes.barh(rows, values, height=0.68, color=colour_of(KIND, 0))
        axes.bar_label(bars, [percent(of_kinds[kind]) for kind in found], padding=3, fontsize=8)
        axes.set_title(family, loc="left", fontsize=9.5, parse_math=False)
        axes.set_xlabel("share (%)")
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
    largest = max(share for of_kinds in shares.values() for share in of_kinds.values())
    panels[0].set_xlim(0, 100 * largest * _ROOM)
    panels[0].set_yticks(range(len(kinds)), kinds, parse_math=False)
    panels[0].invert_yaxis()
    return figure
