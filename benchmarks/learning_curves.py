"""Learning curves of all models with default settings, beside published ones: the figure of the README, and its table.

    python benchmarks/learning_curves.py Glycine.xyz.gz [--units kcal/mol] [--out FOLDER] [--figure FILE.png]

Runs a study (`supple study`) in FOLDER, which resumes where it was interrupted; hours on two cores. `--set bespoke.steps=1000` and
fewer `--sizes` try it. The table has medians over the seeds, and their range; RMSE in the units of the file.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from supple.data.units import Quantity
from supple.runtime.settings_file import parse_yaml
from supple.study import DatasetEntry, StudyPlan, run_study
from supple.study.conclusions import published_for
from supple.study.learning_curve_figures import learning_curves
from supple.study.model_style import display_name
from supple.study.results import QUANTITIES, Results

MODELS = ("sgdml", "schnet", "bespoke")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--units", default="kcal/mol")
    parser.add_argument("--out", type=Path, default=Path("learning-curves"))
    parser.add_argument("--figure", type=Path, default=Path("docs/images/glycine-learning-curves.png"))
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--sizes", default="200,400,600,800,1000")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--valid", type=int, default=200)
    parser.add_argument("--test", type=int, default=1600)
    parser.add_argument("--set", action="append", default=[], metavar="MODEL.SETTING=VALUE")
    asked = parser.parse_args()
    settings: dict[str, dict[str, object]] = {}
    for assignment in asked.set:
        name, _, value = assignment.partition("=")
        model, _, setting = name.partition(".")
        settings.setdefault(model, {})[setting] = parse_yaml(value)
    plan = StudyPlan(
        datasets=(DatasetEntry(path=asked.data, units=asked.units),),
        models=tuple(asked.models.split(",")),
        sizes=tuple(map(int, asked.sizes.split(","))),
        seeds=tuple(range(asked.seeds)),
        valid=asked.valid,
        test=asked.test,
        settings=settings,
    )
    results = run_study(plan, asked.out, Lines()).results
    (name,) = results.record.datasets
    asked.figure.parent.mkdir(parents=True, exist_ok=True)
    learning_curves(results, name, "rmse").savefig(asked.figure, dpi=100)
    print(table(results, name))


class Lines:
    """Prints notes, but no progress."""

    def note(self, sentence: str) -> None:
        """On a line of its own."""
        print(sentence, flush=True)

    def step(self, task: str, done: float, total: float, detail: str = "") -> None:
        """Nothing."""


def table(results: Results, dataset: str) -> str:
    """RMSE of each model and of each published curve, by the number of training frames."""
    sizes = results.sizes(dataset)
    lines = [f"| training frames | {' | '.join(map(str, sizes))} |", f"|---|{'---:|' * len(sizes)}"]
    for quantity in QUANTITIES:
        unit = results.unit(dataset, quantity)
        if unit is None:
            continue
        for model in results.record.models:
            points = {point.n_train: point for point in results.curve(dataset, model, quantity, "rmse")}
            cells = [
                _cell(points[size].median, points[size].low, points[size].high) if size in points else ""
                for size in sizes
            ]
            lines.append(f"| {display_name(model)}, {quantity} ({unit}) | {' | '.join(cells)} |")
        lines += _published(results, dataset, quantity, unit, sizes)
    return "\n".join(lines)


def _cell(median: float, low: float, high: float) -> str:
    return f"{median:.3g}" + (f" ({low:.3g} to {high:.3g})" if high > low else "")


def _published(results: Results, dataset: str, quantity: Quantity, unit: str, sizes: list[int]) -> list[str]:
    known = [one for many in published_for(results, dataset).values() for one in many]
    rows = []
    for series in known:
        if series.metric == "rmse" and series.quantity == quantity:
            values = (series.at(size, unit) for size in sizes)
            cells = ["" if value is None else f"{value:.3g}" for value in values]
            rows.append(f"| {series.label}, {quantity} ({unit}) | {' | '.join(cells)} |")
    return rows


if __name__ == "__main__":
    main()
