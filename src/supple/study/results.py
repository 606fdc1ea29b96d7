"""The results of a study, read from its run directories into one tidy table."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from statistics import median
from typing import Any

from supple.data.units import Quantity, Units, in_internal
from supple.evaluation.published import Metric
from supple.models.metrics import Measure
from supple.runtime.files import write_text
from supple.study.cell_task import read_failure
from supple.study.plan import Cell
from supple.study.study_file import StudyRecord, read_record
from supple.training import TrainingResult

QUANTITIES: tuple[Quantity, ...] = ("energy", "forces")
#: What is published elsewhere, and drawn as learning curves; and how large the largest errors are.
METRICS: tuple[Metric, ...] = ("rmse", "mae")
TAILS: tuple[Measure, ...] = ("p95", "max")


@dataclass(frozen=True)
class Row:
    """One number of a study; for a training without a result, a row without a number.

    Attributes:
        value: the error on the test frames, in `unit`; energies per molecule, forces per component.
        seconds: duration of the training.
        step_seconds: time of one prediction for a single geometry.
        peak_rss_bytes: peak memory of the process that trained.
        status: done, failed, or not done.
        interval_low, interval_high: bootstrap interval (95 %) of an RMSE or MAE over the test frames; None where there is none.
    """

    dataset: str
    formula: str
    model: str
    n_train: int
    n_valid: int
    seed: int
    n_test: int
    quantity: Quantity | None = None
    metric: Measure | None = None
    value: float | None = None
    unit: str | None = None
    seconds: float | None = None
    peak_rss_bytes: int | None = None
    status: str = "not done"
    interval_low: float | None = None
    interval_high: float | None = None
    step_seconds: float | None = None


@dataclass(frozen=True)
class Point:
    """Errors at one training size over the seeds: median, minimum, maximum, and number of seeds."""

    n_train: int
    median: float
    low: float
    high: float
    n_seeds: int


@dataclass(frozen=True)
class Results:
    """All rows of a study, and what describes them.

    Attributes:
        out: folder of the study.
        record: the content of study.json.
        rows: the numbers.
        failures: what went wrong, by cell.
    """

    out: Path
    record: StudyRecord
    rows: tuple[Row, ...]
    failures: dict[Cell, str]

    def runs(self, dataset: str, model: str, quantity: Quantity, metric: Measure) -> list[tuple[int, float]]:
        """Size and error of every training of a model that has a result."""
        return [
            (row.n_train, row.value)
            for row in self.rows
            if (row.dataset, row.model, row.quantity, row.metric) == (dataset, model, quantity, metric)
            and row.value is not None
        ]

    def curve(self, dataset: str, model: str, quantity: Quantity, metric: Measure) -> list[Point]:
        """The learning curve of a model, by size."""
        return _points(self.runs(dataset, model, quantity, metric))

    def interval(
        self, dataset: str, model: str, n_train: int, quantity: Quantity, metric: Metric
    ) -> tuple[float, float] | None:
        """The interval of the training whose error is the median of its size; None where there is none."""
        found = [
            (row.value, row.interval_low, row.interval_high)
            for row in self.rows
            if (row.dataset, row.model, row.n_train, row.quantity, row.metric)
            == (dataset, model, n_train, quantity, metric)
            and row.value is not None
        ]
        if not found:
            return None
        _, low, high = sorted(found, key=lambda one: one[0])[(len(found) - 1) // 2]
        return None if low is None or high is None else (float(f"{low:.3g}"), float(f"{high:.3g}"))

    def seconds(self, dataset: str, model: str) -> list[Point]:
        """Training times in seconds, by size."""
        return self._once(dataset, model, "seconds")

    def step_seconds(self, dataset: str, model: str) -> list[Point]:
        """Times of a step of dynamics in seconds, by size."""
        return self._once(dataset, model, "step_seconds")

    def _once(self, dataset: str, model: str, name: str) -> list[Point]:
        """A number that all rows of a training have, by size."""
        rows = [row for row in self.rows if (row.dataset, row.model) == (dataset, model)]
        once = {(row.n_train, row.seed, getattr(row, name)) for row in rows}
        return _points((n, value) for n, _, value in once if value is not None)

    def unit(self, dataset: str, quantity: Quantity) -> str | None:
        """The unit of a dataset's errors; None where there are none."""
        return next((row.unit for row in self.rows if (row.dataset, row.quantity) == (dataset, quantity)), None)

    def sizes(self, dataset: str) -> list[int]:
        """Training sizes with a result."""
        return sorted({row.n_train for row in self.rows if row.dataset == dataset and row.value is not None})

    def as_dicts(self) -> list[dict[str, Any]]:
        """The rows as plain dictionaries for JSON: None for numbers that are not finite."""
        return [
            {
                key: None if isinstance(value, float) and not math.isfinite(value) else value
                for key, value in one.items()
            }
            for one in map(asdict, self.rows)
        ]


def collect(out: Path, report_units: Units | str | None = None) -> Results:
    """Read the results of a study from its folder.

    Args:
        out: the folder.
        report_units: units of the errors; those of each file when None.

    Raises:
        SettingsError: `out` is not the folder of a study.
        UnitsError: the units do not exist.
    """
    units = None if report_units is None else Units.parse(report_units)
    record = read_record(out)
    rows: list[Row] = []
    failures: dict[Cell, str] = {}
    for cell in record.cells:
        directory = out / "cells" / cell.name
        failure = read_failure(directory)
        if failure is not None:  # also where there is a result: what it is of could not be verified
            failures[cell] = failure
        result = TrainingResult.read(directory) if failure is None else None
        rows += _rows(cell, record, result, "not done" if failure is None else "failed", units)
    return Results(out, record, tuple(rows), failures)


def write_csv(results: Results, path: Path) -> None:
    """Write the rows as a CSV table; missing values are left empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [field.name for field in fields(Row)]
    writer.writerow(names)
    writer.writerows([getattr(row, name) for name in names] for row in results.rows)
    write_text(path, text.getvalue())


def _rows(
    cell: Cell, record: StudyRecord, result: TrainingResult | None, otherwise: str, units: Units | None
) -> list[Row]:
    """The rows of a training; `otherwise` is the status of one without a result."""
    data = record.datasets[cell.dataset]
    row = Row(
        dataset=cell.dataset,
        formula=data.formula,
        model=cell.model,
        n_train=cell.n_train,
        n_valid=data.n_valid,
        seed=cell.seed,
        n_test=data.n_test,
        status=otherwise,
    )
    if result is None:
        return [row]
    row = replace(
        row,
        n_test=result.test.n_frames if result.test else 0,
        seconds=result.seconds,
        step_seconds=result.step_seconds,
        peak_rss_bytes=result.peak_rss_bytes,
        status="done",
    )
    rows = []
    for quantity in QUANTITIES:
        errors = getattr(result.test, quantity, None)
        if errors is None:
            continue
        unit = errors.unit if units is None else units.energy if quantity == "energy" else units.forces
        factor = in_internal(quantity, errors.unit) / in_internal(quantity, unit)
        interval = getattr(result.intervals, quantity, None)
        for metric in (*METRICS, *TAILS):
            value = getattr(errors, metric)
            if value is None:  # the training is of a version that did not compute it
                continue
            ends = getattr(interval, metric, None)
            low, high = (None, None) if ends is None else (end * factor for end in ends)
            rows.append(
                replace(
                    row,
                    quantity=quantity,
                    metric=metric,
                    value=value * factor,
                    unit=unit,
                    interval_low=low,
                    interval_high=high,
                )
            )
    return rows or [row]


def _points(values: Iterable[tuple[int, float]]) -> list[Point]:
    by_size: dict[int, list[float]] = {}
    for n, value in values:
        if math.isfinite(value):
            by_size.setdefault(n, []).append(value)
    return [Point(n, median(v), min(v), max(v), len(v)) for n, v in sorted(by_size.items())]
