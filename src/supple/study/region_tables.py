"""Errors by region as tables: one for each criterion by which frames or atoms are divided, with columns for each model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from supple.data.dataset import Dataset
from supple.data.units import Units
from supple.evaluation.predictions import Predictions
from supple.evaluation.regions import Partition, prediction_errors_by_region
from supple.study.formatting import number


@dataclass(frozen=True)
class RegionRow:
    """Errors in one region.

    Attributes:
        label: the region.
        n_frames: frames in it.
        values: force RMSE of each model, then energy RMSE of each; None where there are too few frames.
        bars: force RMSE of each model in percent of the largest of the table.
    """

    label: str
    n_frames: int
    values: list[str | None]
    bars: list[int]


@dataclass(frozen=True)
class RegionTable:
    """Errors by one criterion.

    Attributes:
        name: the criterion.
        headings: of the values.
        lines: a row for each region.
        names: the models.
    """

    name: str
    headings: list[str]
    lines: list[RegionRow]
    names: list[str]


def region_tables(predictions: Mapping[str, Predictions], test: Dataset, units: Units) -> list[RegionTable]:
    """A table for each criterion.

    Args:
        predictions: of the test frames, by the name of the model.
        test: frames with forces.
        units: of the errors.
    """
    partitions = [prediction_errors_by_region(test, p, units) for p in predictions.values()]
    return [_table(same, list(predictions), units) for same in zip(*partitions, strict=True)]


def _table(partitions: tuple[Partition, ...], names: list[str], units: Units) -> RegionTable:
    """One table from the same partition of each model."""
    all_metrics = [region.metrics for partition in partitions for region in partition.regions]
    with_energy = any(metrics is not None and metrics.energy is not None for metrics in all_metrics)
    headings = [f"F RMSE, {name} ({units.forces})" for name in names]
    headings += [f"E RMSE, {name} ({units.energy})" for name in names] if with_energy else []
    rows = [tuple(regions) for regions in zip(*(partition.regions for partition in partitions), strict=True)]
    forces = [[r.metrics.forces.rmse if r.metrics and r.metrics.forces else None for r in row] for row in rows]
    energies = [[r.metrics.energy.rmse if r.metrics and r.metrics.energy else None for r in row] for row in rows]
    largest = max((value for row in forces for value in row if value is not None), default=0.0) or 1.0
    lines = [
        RegionRow(
            label=row[0].label,
            n_frames=row[0].n_frames,
            values=[None if v is None else number(v) for v in (*f, *(e if with_energy else []))],
            bars=[0 if v is None else round(100 * v / largest) for v in f],
        )
        for row, f, e in zip(rows, forces, energies, strict=True)
    ]
    return RegionTable(partitions[0].name, headings, lines, names)
