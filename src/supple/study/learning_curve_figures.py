"""Learning curves as figures: our medians and ranges, published curves beside them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from supple.data.units import Quantity
from supple.evaluation.published import Metric, Series
from supple.models.registry import MODELS, settings_class
from supple.runtime.files import write_figure
from supple.study.conclusions import published_for
from supple.study.formatting import display_name
from supple.study.results import QUANTITIES, Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Okabe and Ito's colours, which colour-blind readers can tell apart; for models that have none of their own.
_MORE_COLOURS = ("#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_GREY = "#6b6b6b"
#: One for each source of published numbers, in turn.
_DASHES = ((0, (5, 2)), (0, (1, 1.5)), (0, (7, 2, 1, 2)))
_OTHER_MARKERS = ("^", "v", "D", "P", "X", "<", ">", "*")


def write_figures(results: Results, folder: Path) -> list[Path]:
    """Draw every dataset with results, as PNG and PDF; RMSE always, MAE where published numbers are MAE alone.

    Returns:
        The files, each PNG before its PDF.
    """
    files = []
    for dataset in results.record.datasets:
        if not results.sizes(dataset):
            continue
        published = [series for many in published_for(results, dataset).values() for series in many]
        with_rmse = {series.label for series in published if series.metric == "rmse"}
        metrics: list[Metric] = ["rmse"]
        metrics += ["mae"] if any(series.label not in with_rmse for series in published) else []
        for metric in metrics:
            files += write_figure(folder / f"{dataset}-{metric}", learning_curves(results, dataset, metric))
    return files


def colour_of(model: str, position: int) -> str:
    """The colour of a kind of model, the same in all figures; `position` is its place among the models, for kinds without one."""
    return _own_colour(model) or _MORE_COLOURS[position % len(_MORE_COLOURS)]


def _own_colour(model: str) -> str | None:
    return settings_class(model).colour if model in MODELS else None


def _marker(model: str) -> str:
    return (settings_class(model).marker if model in MODELS else None) or "D"


def learning_curves(results: Results, dataset: str, metric: Metric) -> Figure:
    """Errors of energies and forces against the number of training frames, both axes logarithmic."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    published = [
        series for many in published_for(results, dataset).values() for series in many if series.metric == metric
    ]
    quantities = [quantity for quantity in QUANTITIES if results.unit(dataset, quantity)]
    figure = Figure(figsize=(4.6 * max(len(quantities), 1) + 0.4, 5.2), layout="constrained")
    FigureCanvasAgg(figure)
    styles = _published_styles(published)
    for position, quantity in enumerate(quantities):
        axes = figure.add_subplot(1, len(quantities), position + 1)
        unit = results.unit(dataset, quantity) or ""
        sizes = _draw_published(axes, [one for one in published if one.quantity == quantity], unit, styles)
        sizes |= _draw_ours(axes, results, dataset, quantity, metric)
        name = "Energy" if quantity == "energy" else "Force"
        axes.set_title(f"{name} {metric.upper()}", loc="left", fontsize=11)
        axes.set_ylabel(f"{unit}{' per molecule' if quantity == 'energy' else ', per component'}")
        _scale(axes, sizes)
    data = results.record.datasets[dataset]
    formula = data.formula.translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
    figure.suptitle(f"{dataset} ({formula}): errors on {data.n_test} test frames", fontsize=12, x=0.01, ha="left")
    _legend(figure)
    return figure


def _draw_ours(axes: Axes, results: Results, dataset: str, quantity: Quantity, metric: Metric) -> set[int]:
    sizes: set[int] = set()
    for position, model in enumerate(results.record.models):
        points = [p for p in results.curve(dataset, model, quantity, metric) if p.low > 0]
        if not points:
            continue
        n = [point.n_train for point in points]
        colour = colour_of(model, position)
        axes.plot(n, [point.median for point in points], color=colour, marker=_marker(model), markersize=5.5,
                  linewidth=2, label=f"{display_name(model)}, this study", zorder=5)  # fmt: skip
        if any(point.n_seeds > 1 for point in points):
            low, high = [point.low for point in points], [point.high for point in points]
            axes.fill_between(n, low, high, color=colour, alpha=0.2, linewidth=0, zorder=2)
        sizes.update(n)
    return sizes


def _published_styles(published: Iterable[Series]) -> dict[str, tuple[str, object, str]]:
    """Colour, dashes and marker of each published label; the same in both panels."""
    sources: dict[str, int] = {}
    styles: dict[str, tuple[str, object, str]] = {}
    others = 0
    for series in published:
        source = sources.setdefault(series.source.label, len(sources))
        if series.label in styles:
            continue
        if series.kind:
            marker = _marker(series.kind)
        else:
            marker, others = _OTHER_MARKERS[others % len(_OTHER_MARKERS)], others + 1
        colour = _own_colour(series.kind or "") or _GREY
        styles[series.label] = (colour, _DASHES[source % len(_DASHES)], marker)
    return styles


def _draw_published(
    axes: Axes, published: Iterable[Series], unit: str, styles: dict[str, tuple[str, object, str]]
) -> set[int]:
    sizes: set[int] = set()
    for series in published:
        colour, dashes, marker = styles[series.label]
        axes.plot(series.sizes, series.values_in(unit), color=colour, linestyle=dashes if len(series.sizes) > 1 else "",
                  linewidth=1.2, marker=marker, markersize=4.5, markerfacecolor="white", alpha=0.75,
                  label=series.label, zorder=3)  # fmt: skip
        sizes.update(series.sizes)
    return sizes


def _scale(axes: Axes, sizes: set[int]) -> None:
    """Logarithmic axes whose labels are plain numbers, no two in each other's way."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, NullLocator

    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(min(sizes) / 1.12, max(sizes) * 1.12)
    axes.xaxis.set_major_locator(FixedLocator(_apart(sorted(sizes))))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}"))
    axes.xaxis.set_minor_locator(NullLocator())
    low, high = axes.get_ylim()
    decades = math.log10(high / low)
    steps = (1.0,) if decades > 3.5 else (1.0, 2.0, 5.0) if decades > 1.3 else (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)
    axes.yaxis.set_major_locator(LogLocator(subs=steps, numticks=20))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("training frames")
    axes.grid(True, color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _apart(sizes: list[int]) -> list[int]:
    """Sizes whose labels do not touch on a logarithmic axis; the last is always among them."""
    span = max(math.log(sizes[-1] / sizes[0]), math.log(1.25))
    kept = [sizes[-1]]
    for size in reversed(sizes[:-1]):
        if math.log(kept[-1] / size) >= 0.09 * span:
            kept.append(size)
    return kept[::-1]


def _legend(figure: Figure) -> None:
    """One legend below both panels, ours first."""
    entries = {}
    for axes in figure.axes:
        handles, labels = axes.get_legend_handles_labels()
        entries.update(dict(zip(labels, handles, strict=True)))
    ours_first = sorted(entries, key=lambda label: not label.endswith(", this study"))
    if entries:
        figure.legend([entries[label] for label in ours_first], ours_first, loc="outside lower left", ncols=3,
                      fontsize=9, frameon=False)  # fmt: skip
