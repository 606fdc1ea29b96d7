"""Sentences on learning curves: how fast errors fall, and how many calculations a target takes."""

from __future__ import annotations

import math

from supple.study.formatting import display_name, number
from supple.study.learning_curve import Needed, back_test, fit
from supple.study.results import Results

#: Beyond so many times the largest size of a study, no number is given.
_FARTHEST = 20


def calculations_needed(results: Results, dataset: str, target: float | None = None) -> list[str]:
    """For each model, how its force error (RMSE) falls, and how many calculations a target error takes.

    Args:
        results: of a study.
        dataset: one of its datasets.
        target: force error in the unit of the results; half of the smallest error of each model if left out.
    """
    unit = results.unit(dataset, "forces")
    return [
        sentence for model in results.record.models for sentence in _of_model(results, dataset, model, target, unit)
    ]


def _of_model(results: Results, dataset: str, model: str, target: float | None, unit: str | None) -> list[str]:
    runs = results.runs(dataset, model, "forces", "rmse")
    sizes, errors = [n for n, _ in runs], [error for _, error in runs]
    law = fit(sizes, errors)
    if law is None:
        return []
    name = display_name(model)
    wanted = target or min(errors) / 2
    needed = law.needed(wanted)
    if needed is None:
        return [f"{name}: the force error does not fall with the number of frames."]
    between = law.exponent_interval()
    exponent = f"{law.exponent:.2f}" + (f" ({between[0]:.2f} to {between[1]:.2f})" if between else "")
    sentence = f"{name}: the force error falls as N^-{exponent}; {_words(needed, law.largest, wanted, unit)}"
    tested = back_test(sizes, errors)
    if tested is None:
        return [sentence]
    return [
        sentence,
        f"From the sizes up to {tested.up_to} alone the curve of {name} would have said {_count(tested.predicted)} frames for the "
        f"error that {tested.n_train} have ({tested.off:+.0%}).",
    ]


def _words(needed: Needed, largest: int, target: float, unit: str | None) -> str:
    goal = f"{number(target)} {unit}"
    if needed.n > _FARTHEST * largest:
        return f"{goal} would take more than {_count(_FARTHEST * largest)} calculations."
    text = f"about {_count(needed.n)} calculations for {goal}"
    if needed.low is not None and needed.high is not None:
        high = f"to {_count(needed.high)}" if math.isfinite(needed.high) else "upwards"
        text += f" (90 %: {_count(needed.low)} {high})"
    else:
        text += " (too few trainings to say how surely)"
    return text + (", if the curve goes on as it is." if needed.extrapolated else ".")


def _count(n: float) -> str:
    """Two significant digits, or three from 100 on: more would pretend to know."""
    return f"{float(f'{n:.3g}' if n >= 100 else f'{n:.2g}'):.0f}"
