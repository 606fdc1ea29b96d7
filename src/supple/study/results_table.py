"""The table of a study: a line for each dataset, model and size; for the terminal and for the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supple.data.units import Quantity
from supple.evaluation.published import Metric
from supple.study.formatting import display_name, duration, spread
from supple.study.results import QUANTITIES, Point, Results

if TYPE_CHECKING:
    from rich.table import Table

_COLUMNS: tuple[tuple[Quantity, Metric], ...] = (
    ("energy", "mae"),
    ("energy", "rmse"),
    ("forces", "mae"),
    ("forces", "rmse"),
)


def table_lines(results: Results, dataset: str, ranges: bool = True) -> tuple[list[str], list[list[str]]]:
    """Headings and lines of a dataset's table: medians over the seeds, ranges in brackets if they are wanted."""
    names = {"energy": "E", "forces": "F"}
    headings = ["model", "N", "seeds"]
    headings += [f"{names[quantity]} {metric.upper()}" for quantity, metric in _COLUMNS] + ["time"]
    lines = []
    for model in results.record.models:
        curves = [_by_size(results.curve(dataset, model, quantity, metric)) for quantity, metric in _COLUMNS]
        for point in results.seconds(dataset, model):
            errors = [spread(curve.get(point.n_train), ranges) for curve in curves]
            lines.append(
                [display_name(model), str(point.n_train), str(point.n_seeds), *errors, duration(point.median)]
            )  # fmt: skip
    return headings, lines


def study_table(results: Results, dataset: str) -> Table:
    """The table of one dataset for the terminal, narrow enough for most: without the ranges over the seeds."""
    from rich.table import Table

    headings, lines = table_lines(results, dataset, ranges=False)
    data = results.record.datasets[dataset]
    units = ", ".join(unit for quantity in QUANTITIES if (unit := results.unit(dataset, quantity)))
    title = f"{dataset} ({data.formula}), {data.n_test} test frames; {units or 'no results yet'}"
    table = Table(title=title, title_justify="left")
    for heading in headings:
        table.add_column(heading, justify="left" if heading == "model" else "right")
    for line in lines:
        table.add_row(*line)
    return table


def _by_size(curve: list[Point]) -> dict[int, Point]:
    return {point.n_train: point for point in curve}
