"""Learning curves and training times as numbers for the page's script."""

from __future__ import annotations

from typing import TypedDict

from supple.data.units import Quantity
from supple.evaluation.published import Metric, Series
from supple.study.conclusions import published_for
from supple.study.learning_curve import fit
from supple.study.model_style import display_name
from supple.study.results import METRICS, QUANTITIES, Results

#: Points of a fitted power law, and how far beyond the largest size it is drawn.
_LAW_POINTS, _EXTRAPOLATION = 24, 3.0


class Line(TypedDict):
    """Values `y` over `x`, and the kind of model (None for one that Supple does not have)."""

    label: str
    kind: str | None
    x: list[int]
    y: list[float]


class OwnCurve(Line):
    """Medians over the seeds, with their ranges, numbers of seeds, bootstrap intervals, and power law (sizes, errors)."""

    low: list[float]
    high: list[float]
    seeds: list[int]
    interval: list[tuple[float, float] | None]
    law: list[list[float]]


class Curves(TypedDict):
    """The learning curves of one error."""

    unit: str
    ours: list[OwnCurve]
    published: list[Line]


def learning_curves(results: Results, name: str) -> dict[str, Curves]:
    """Learning curves by `quantity-metric`."""
    published = [series for many in published_for(results, name).values() for series in many]
    found: dict[str, Curves] = {}
    for quantity in reversed(QUANTITIES):
        unit = results.unit(name, quantity)
        if unit is None:
            continue
        for metric in METRICS:
            ours = [_own_curve(results, name, model, quantity, metric) for model in results.record.models]
            theirs = [_published(one, unit) for one in published if (one.quantity, one.metric) == (quantity, metric)]
            found[f"{quantity}-{metric}"] = {
                "unit": unit,
                "ours": [curve for curve in ours if curve["x"]],
                "published": theirs,
            }
    return found


def training_times(results: Results, name: str) -> list[Line]:
    """Median training times in seconds, for each model with results."""
    return [
        {
            "label": display_name(model),
            "kind": model,
            "x": [point.n_train for point in points],
            "y": [_rounded(point.median) for point in points],
        }
        for model in results.record.models
        if (points := results.seconds(name, model))
    ]


def _published(series: Series, unit: str) -> Line:
    values = [_rounded(value) for value in series.values_in(unit)]
    return {"label": series.label, "kind": series.kind, "x": list(series.sizes), "y": values}


def _own_curve(results: Results, name: str, model: str, quantity: Quantity, metric: Metric) -> OwnCurve:
    points = results.curve(name, model, quantity, metric)
    runs = results.runs(name, model, quantity, metric)
    law = fit([n for n, _ in runs], [error for _, error in runs])
    sizes: list[float] = []
    if law is not None and law.exponent > 0:
        first = min(n for n, _ in runs)
        ratio = _EXTRAPOLATION * law.largest / first
        sizes = [first * ratio ** (k / (_LAW_POINTS - 1)) for k in range(_LAW_POINTS)]
    return {
        "label": display_name(model),
        "kind": model,
        "x": [point.n_train for point in points],
        "y": [_rounded(point.median) for point in points],
        "low": [_rounded(point.low) for point in points],
        "high": [_rounded(point.high) for point in points],
        "seeds": [point.n_seeds for point in points],
        "interval": [results.interval(name, model, point.n_train, quantity, metric) for point in points],
        "law": [[_rounded(n) for n in sizes], [_rounded(law.error(n)) for n in sizes] if law else []],
    }


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
