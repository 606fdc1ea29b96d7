"""What stands on the page: sentences and tables as text, figures as numbers for the script."""

from __future__ import annotations

from typing import Any

from supple.data.units import Quantity
from supple.study.conclusions import comparisons, published_for, verdict
from supple.study.formatting import display_name, number
from supple.study.html_report.methods import citations, methods_paragraph
from supple.study.learning_curve import fit
from supple.study.markdown_report import error_name
from supple.study.required_frames import calculations_needed
from supple.study.results import METRICS, QUANTITIES, Results
from supple.study.results_table import table_lines

#: Points of a fitted learning curve.
_FINE = 24
#: How far beyond the largest size it is drawn.
_BEYOND = 3.0


def page_content(results: Results, closeups: dict[str, dict[str, Any] | None], target: float | None) -> dict[str, Any]:
    """Everything that the template names."""
    names = list(results.record.datasets)
    waiting = sum(row.status == "not done" for row in results.rows)
    return {
        "datasets": [_dataset(results, name, target, closeups[name]) for name in names],
        "figures": {
            str(k): {"curves": _curves(results, name), "times": _times(results, name), "closeup": closeups[name]}
            for k, name in enumerate(names)
        },
        "failures": [(cell.name, message) for cell, message in results.failures.items()],
        "waiting": waiting,
        "methods": methods_paragraph(results),
        "citations": citations(results),
        "commands": [plan.command(results.out) for plan in results.record.plans],
        "versions": results.record.versions,
    }


def _dataset(results: Results, name: str, target: float | None, near: dict[str, Any] | None) -> dict[str, Any]:
    data = results.record.datasets[name]
    headings, lines = table_lines(results, name)
    return {
        "name": name,
        "about": data,
        "answers": verdict(results, name),
        "needed": calculations_needed(results, name, target),
        "table": {"headings": headings, "lines": lines, "units": [results.unit(name, q) for q in QUANTITIES]},
        "beside": [
            [
                *(display_name(one.model), one.series.label, error_name(one.series), one.unit, str(one.n_train)),
                *(number(one.ours), number(one.published), f"{one.ratio:.2f}"),
            ]
            for one in comparisons(results, name)
        ],
        "sources": list(
            {one.source.label: one.source for many in published_for(results, name).values() for one in many}.values()
        ),
        "regions": [] if near is None else near["regions"],
        "shown": None if near is None else near["shown"],
        "has_map": near is not None and near["map"] is not None,
        "has_energy": near is not None and any("energy" in model for model in near["models"]),
    }


def _curves(results: Results, name: str) -> dict[str, Any]:
    """Learning curves by `quantity-metric`: ours, their power laws, and published ones."""
    published = [series for many in published_for(results, name).values() for series in many]
    found: dict[str, Any] = {}
    for quantity in reversed(QUANTITIES):
        unit = results.unit(name, quantity)
        if unit is None:
            continue
        for metric in METRICS:
            ours = [_own_curve(results, name, model, quantity, metric) for model in results.record.models]
            theirs = [
                {"label": one.label, "x": one.sizes, "y": [_short(v) for v in one.values_in(unit)], "kind": one.kind}
                for one in published
                if (one.quantity, one.metric) == (quantity, metric)
            ]
            found[f"{quantity}-{metric}"] = {
                "unit": unit,
                "ours": [one for one in ours if one["x"]],
                "published": theirs,
            }
    return found


def _own_curve(results: Results, name: str, model: str, quantity: Quantity, metric: Any) -> dict[str, Any]:
    points = results.curve(name, model, quantity, metric)
    runs = results.runs(name, model, quantity, metric)
    law = fit([n for n, _ in runs], [error for _, error in runs])
    fine: list[float] = []
    if law is not None and law.exponent > 0:
        first = min(n for n, _ in runs)
        fine = [first * (_BEYOND * law.largest / first) ** (k / (_FINE - 1)) for k in range(_FINE)]
    return {
        "label": display_name(model),
        "kind": model,
        "x": [point.n_train for point in points],
        "y": [_short(point.median) for point in points],
        "low": [_short(point.low) for point in points],
        "high": [_short(point.high) for point in points],
        "seeds": [point.n_seeds for point in points],
        "interval": [results.interval(name, model, point.n_train, quantity, metric) for point in points],
        "law": [[_short(n) for n in fine], [_short(law.error(n)) for n in fine] if law else []],
    }


def _times(results: Results, name: str) -> list[dict[str, Any]]:
    return [
        {
            "label": display_name(model),
            "kind": model,
            "x": [point.n_train for point in points],
            "y": [_short(point.median) for point in points],
        }
        for model in results.record.models
        if (points := results.seconds(name, model))
    ]


def _short(value: float) -> float:
    return float(f"{value:.4g}")
