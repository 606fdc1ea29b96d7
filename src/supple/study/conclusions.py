"""Conclusions of a study: which model is more accurate, at which size, and how the errors compare with published ones."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from supple.data.units import Quantity
from supple.evaluation.published import Series, recognise, series_for, title_of
from supple.study.formatting import number
from supple.study.model_style import display_name
from supple.study.results import QUANTITIES, Point, Results


@dataclass(frozen=True)
class Comparison:
    """An error of this study and a published one for the same kind of model, quantity, metric, size and unit."""

    model: str
    series: Series
    n_train: int
    ours: float
    published: float
    unit: str

    @property
    def ratio(self) -> float:
        """Our error divided by the published one: below 1 where ours is smaller."""
        return self.ours / self.published


def published_for(results: Results, dataset: str) -> dict[str, list[Series]]:
    """Published series for a dataset, by the title of the published data; often none."""
    data = results.record.datasets[dataset]
    keys = recognise(data.file, data.formula, data.test_file or "", data.theory)
    return {title_of(key): series_for(key) for key in keys}


def comparisons(results: Results, dataset: str) -> list[Comparison]:
    """Every published error of the same kind of model and ours, at the largest size that both have."""
    found = []
    for series in (one for many in published_for(results, dataset).values() for one in many):
        unit = results.unit(dataset, series.quantity)
        if series.kind is None or unit is None:
            continue
        for point in reversed(results.curve(dataset, series.kind, series.quantity, series.metric)):
            published = series.at(point.n_train, unit)
            if published:
                found.append(Comparison(series.kind, series, point.n_train, point.median, published, unit))
                break
    return found


def ranking(results: Results, dataset: str) -> list[str]:
    """Sentences on which model has the smaller errors (RMSE), forces first, and how many frames the others need."""
    sentences = []
    only: dict[str, list[str]] = {}
    for quantity in reversed(QUANTITIES):
        curves = {model: results.curve(dataset, model, quantity, "rmse") for model in results.record.models}
        curves = {model: curve for model, curve in curves.items() if curve}
        if len(curves) > 1:
            sentences += _compared(curves, quantity, results.unit(dataset, quantity) or "")
        elif curves:
            ((model, curve),) = curves.items()
            only.setdefault(
                f"{display_name(model)} is the only model with results: at N={curve[-1].n_train}", []
            ).append(f"its {_noun(quantity)} RMSE is {number(curve[-1].median)} {results.unit(dataset, quantity)}")
    sentences += [f"{model}, {' and '.join(errors)}." for model, errors in only.items()]
    return sentences or ["No training has a result yet."]


def step_costs(results: Results, dataset: str) -> list[str]:
    """A sentence on what a step of dynamics costs with each model at its largest size; none where it was not measured."""
    last = {model: points[-1] for model in results.record.models if (points := results.step_seconds(dataset, model))}
    costs = [f"{number(1e3 * point.median)} ms ({display_name(model)})" for model, point in last.items()]
    return [f"A step of dynamics of one molecule takes {', '.join(costs)}."] if costs else []


def _compared(curves: dict[str, list[Point]], quantity: Quantity, unit: str) -> list[str]:
    points = {model: {point.n_train: point for point in curve} for model, curve in curves.items()}
    sizes = sorted(set.intersection(*(set(by_size) for by_size in points.values())))
    if not sizes:
        return [f"No training size has results for all models, so the {_noun(quantity)} errors are not ranked."]
    best = {n: min(points, key=lambda model: points[model][n].median) for n in sizes}
    parts = []
    for model, run in groupby(sizes, key=lambda n: best[n]):
        these = list(run)
        where = f"N={these[0]}" if len(these) == 1 else f"N={these[0]} to {these[-1]}"
        parts.append(f"{display_name(model)} at {where}")
    last = sizes[-1]
    ranked = sorted(points, key=lambda model: points[model][last].median)
    values = ", ".join(f"{number(points[m][last].median)} ({display_name(m)})" for m in ranked)
    first, second = (points[model][last] for model in ranked[:2])
    if first.n_seeds == 1 or second.n_seeds == 1:
        significance = "; with a single seed, a small difference may be due to chance"
    elif first.high >= second.low:
        significance = "; the ranges over the seeds overlap, so this ranking is uncertain"
    else:
        significance = "; the ranges over the seeds do not overlap"
    sentences = [
        f"The {_noun(quantity)} RMSE is smallest with {', then '.join(parts)}; "
        f"at N={last} it is {values} {unit}{significance}."
    ]
    return sentences + _catching_up(curves, ranked[0], quantity)


def _catching_up(curves: dict[str, list[Point]], winner: str, quantity: Quantity) -> list[str]:
    """How many frames the other models need to reach the error of the best one with its fewest frames."""
    start = curves[winner][0]
    sentences = []
    for model, curve in curves.items():
        if model == winner:
            continue
        enough = next((point.n_train for point in curve if point.median <= start.median), None)
        if enough is None:
            text = f"with {curve[-1].n_train} frames does not reach"
        elif enough > start.n_train:
            text = f"needs {enough} frames to reach"
        else:
            continue
        sentences.append(
            f"{display_name(model)} {text} the {_noun(quantity)} error of {display_name(winner)} with {start.n_train}."
        )
    return sentences


def _noun(quantity: Quantity) -> str:
    return "force" if quantity == "forces" else "energy"
