"""tuning.md and its figure: the best trials, and the importance of each setting."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from supple.models.registry import settings_class
from supple.models.search_space import Interval
from supple.runtime.files import write_figure, write_text
from supple.tuning.journal import FAILURE
from supple.tuning.result import TuningResult

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Trials in the table.
_TABLE_ROWS = 10
#: With fewer completed trials, importances would be noise.
_ENOUGH = 10


def write_report(result: TuningResult) -> Path:
    """Write tuning.md, slices.png and slices.pdf into the folder of the search; returns tuning.md."""
    write_figure(result.out / "slices", slices(result))
    done = result.completed()
    names = list(settings_class(result.kind).search_space)
    names = [name for name in names if any(name in trial.params for trial in done)]
    lines = [
        f"| {trial.number} | {trial.value:.4g} | " + " | ".join(_text(trial.params.get(name)) for name in names) + " |"
        for trial in done[:_TABLE_ROWS]
    ]
    parts = [f"# Settings of {result.kind}", result.sentence()]
    if lines:
        parts.append(
            "\n".join(
                [f"| trial | {result.unit} | " + " | ".join(names) + " |", "|---" * (len(names) + 2) + "|", *lines]
            )
        )
    parts.append("![force error against each setting](slices.png)")
    weights = importances(result)
    if weights:
        rows = [f"| {name} | {100 * weight:.0f} % |" for name, weight in weights.items()]
        parts.append(
            "Importance of each setting (PED-ANOVA, arXiv:2304.10255):\n\n| setting | importance |\n|---|---|\n"
            + "\n".join(rows)
        )
    else:
        parts.append(f"The importance of each setting is given with {_ENOUGH} completed trials or more.")
    messages = [
        f"- trial {trial.number}: {message}"
        for trial in result.study.trials
        if (message := trial.user_attrs.get(FAILURE))
    ]
    if messages:
        parts.append("Failed trials:\n\n" + "\n".join(messages))
    parts.append(
        "Errors are force errors (RMSE) on the validation frames, by which the settings were selected: errors on test frames will be "
        "a little larger."
    )
    page = result.out / "tuning.md"
    write_text(page, "\n\n".join(parts) + "\n")
    return page


def importances(result: TuningResult) -> dict[str, float]:
    """How much of the difference between good and other trials each setting explains; empty with few trials."""
    import warnings

    import optuna

    if len(result.completed()) < _ENOUGH:
        return {}
    with warnings.catch_warnings():  # the evaluator is marked as experimental
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        evaluator = optuna.importance.PedAnovaImportanceEvaluator()
    found = optuna.importance.get_param_importances(result.study, evaluator=evaluator)
    return {name: float(weight) for name, weight in found.items() if math.isfinite(weight)}


def slices(result: TuningResult) -> Figure:
    """The error of every completed trial against each of its settings, and that of the defaults as a line."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    space = settings_class(result.kind).search_space
    done = result.completed()
    names = [name for name in space if any(name in trial.params for trial in done)] or list(space)
    columns = min(3, len(names))
    rows = math.ceil(len(names) / columns)
    figure = Figure(figsize=(3.2 * columns, 2.6 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    for i, name in enumerate(names):
        axes = figure.add_subplot(rows, columns, i + 1)
        points = [(trial.params[name], trial.value or 0.0) for trial in done if name in trial.params]
        among = space[name]
        if isinstance(among, Interval):
            axes.plot([x for x, _ in points], [y for _, y in points], "o", ms=4, color="#0072B2")
            axes.set_xscale("log" if among.log else "linear")
        else:
            labels = [str(value) for value in among.values]
            axes.plot([labels.index(str(x)) for x, _ in points], [y for _, y in points], "o", ms=4, color="#0072B2")
            axes.set_xticks(range(len(labels)), labels, fontsize=7)
        axes.axhline(result.defaults, color="#6b6b6b", lw=1, ls="--")
        axes.set_xlabel(name)
        axes.set_ylabel(f"F RMSE ({result.unit})" if i % columns == 0 else "")
        if done and max(trial.value or 0 for trial in done) > 3 * result.defaults:
            axes.set_yscale("log")
    figure.suptitle("Dots: trials; dashed line: defaults", fontsize=9)
    return figure


def _text(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else "" if value is None else str(value)
