"""Tables of a study's dataset, with a row for each model and size; for the terminal and for reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from supple.data.units import Quantity
from supple.models.metrics import MEASURES, Measure
from supple.runtime.rounding import duration
from supple.study.formatting import spread
from supple.study.model_style import display_name
from supple.study.results import QUANTITIES, TAILS, Point, Results

if TYPE_CHECKING:
    from rich.table import Table as RichTable

_COLUMNS: tuple[tuple[Quantity, Measure], ...] = (
    ("energy", "mae"),
    ("energy", "rmse"),
    ("forces", "mae"),
    ("forces", "rmse"),
)
_SYMBOLS = {"energy": "E", "forces": "F"}


@dataclass(frozen=True)
class Table:
    """A table of text."""

    headings: list[str]
    rows: list[list[str]]


def column_name(quantity: Quantity, metric: Measure) -> str:
    """An error as tables name it: `F RMSE`."""
    return f"{_SYMBOLS[quantity]} {MEASURES[metric]}"


def results_table(results: Results, dataset: str, ranges: bool = True) -> Table:
    """Medians over the seeds of a dataset's errors, with ranges in brackets if wanted."""
    headings = ["model", "N", "seeds", *(column_name(*column) for column in _COLUMNS), "time"]
    rows = []
    for model in results.record.models:
        curves = [_by_size(results.curve(dataset, model, quantity, metric)) for quantity, metric in _COLUMNS]
        for point in results.seconds(dataset, model):
            errors = [spread(curve.get(point.n_train), ranges) for curve in curves]
            rows.append([display_name(model), str(point.n_train), str(point.n_seeds), *errors, duration(point.median)])
    return Table(headings, rows)


def tails_table(results: Results, dataset: str) -> Table | None:
    """Medians over the seeds of a dataset's largest errors, beside MAE and RMSE; None where no training has them."""
    columns: list[tuple[Quantity, Measure]] = [(quantity, metric) for quantity in QUANTITIES for metric in MEASURES]
    rows = []
    for model in results.record.models:
        curves = {column: _by_size(results.curve(dataset, model, *column)) for column in columns}
        sizes = sorted({n for (_, metric), curve in curves.items() if metric in TAILS for n in curve})
        for n in sizes:
            errors = [spread(curve.get(n), ranges=False) for curve in curves.values()]
            rows.append([display_name(model), str(n), *errors])
    return Table(["model", "N", *(column_name(*column) for column in columns)], rows) if rows else None


def terminal_table(results: Results, dataset: str) -> RichTable:
    """The table of one dataset for the terminal; without ranges over the seeds, to be narrow enough."""
    from rich.table import Table as RichTable

    table = results_table(results, dataset, ranges=False)
    data = results.record.datasets[dataset]
    units = ", ".join(unit for quantity in QUANTITIES if (unit := results.unit(dataset, quantity)))
    title = f"{dataset} ({data.formula}), {data.n_test} test frames; {units or 'no results yet'}"
    shown = RichTable(title=title, title_justify="left")
    for heading in table.headings:
        shown.add_column(heading, justify="left" if heading == "model" else "right")
    for row in table.rows:
        shown.add_row(*row)
    return shown


def _by_size(curve: list[Point]) -> dict[int, Point]:
    return {point.n_train: point for point in curve}
