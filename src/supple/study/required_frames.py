"""Sentences on learning curves: how fast errors decrease, and how many reference calculations a target error requires."""

from __future__ import annotations

from supple.study.formatting import number
from supple.study.learning_curve import BackTest, RequiredFrames, back_test, fit
from supple.study.model_style import display_name
from supple.study.results import Results

#: No number is given beyond this many times the largest size of a study.
_LARGEST_EXTRAPOLATION = 20


def required_calculations(results: Results, dataset: str, target: float | None = None) -> list[str]:
    """For each model, how its force error (RMSE) decreases, and how many calculations a target error requires.

    Args:
        results: of a study.
        dataset: one of its datasets.
        target: force error in the unit of the results; half of the smallest error of each model when None.
    """
    unit = results.unit(dataset, "forces")
    return [
        sentence for model in results.record.models for sentence in _of_model(results, dataset, model, target, unit)
    ]


def required_number(results: Results, dataset: str, model: str, target: float | None = None) -> str | None:
    """About how many calculations a model requires for a force error, in words; None where the errors do not tell."""
    runs = results.runs(dataset, model, "forces", "rmse")
    law = fit([n for n, _ in runs], [error for _, error in runs])
    required = None if law is None else law.required(target or _half(runs))
    if law is None or required is None:
        return None
    limit = _LARGEST_EXTRAPOLATION * law.largest
    if required.n > limit:
        return f"more than {_count(limit)} calculations"
    return f"about {_count(required.n)} calculations"


def goal(results: Results, dataset: str, model: str, target: float | None = None) -> str:
    """The force error to reach, with its unit: by default half of the smallest of the model."""
    wanted = target or _half(results.runs(dataset, model, "forces", "rmse"))
    return f"{number(wanted)} {results.unit(dataset, 'forces')}"


def _half(runs: list[tuple[int, float]]) -> float:
    return min(error for _, error in runs) / 2


def _of_model(results: Results, dataset: str, model: str, target: float | None, unit: str | None) -> list[str]:
    runs = results.runs(dataset, model, "forces", "rmse")
    sizes, errors = [n for n, _ in runs], [error for _, error in runs]
    law = fit(sizes, errors)
    if law is None:
        return []
    name = display_name(model)
    wanted = target or _half(runs)
    required = law.required(wanted)
    if required is None:
        return [f"With {name}, the force error does not decrease with the number of frames."]
    interval = law.exponent_interval()
    exponent = f"{law.exponent:.2f}" + (f" ({interval[0]:.2f} to {interval[1]:.2f})" if interval else "")
    sentence = (
        f"With {name}, the force error decreases as N^-{exponent}; {_requirement(required, law.largest, wanted, unit)}"
    )
    test = back_test(sizes, errors)
    if test is None:
        return [sentence]
    return [sentence, f"Fitted to the sizes up to {test.up_to} only, the curve of {name} predicts {_prediction(test)}."]


def _prediction(test: BackTest) -> str:
    limit = _LARGEST_EXTRAPOLATION * test.n_train
    if test.predicted > limit:
        return f"that the error reached with {test.n_train} frames requires more than {_count(limit)}"
    return f"{_count(test.predicted)} frames for the error reached with {test.n_train} ({100 * test.relative_error:+.0f} %)"


def _requirement(required: RequiredFrames, largest: int, target: float, unit: str | None) -> str:
    goal = f"{number(target)} {unit}"
    if required.n > _LARGEST_EXTRAPOLATION * largest:
        limit = _count(_LARGEST_EXTRAPOLATION * largest)
        return f"{goal} would require more than {limit} reference calculations."
    text = f"{goal} requires about {_count(required.n)} reference calculations"
    if required.low is not None and required.high is not None:
        # A limit that far beyond the largest size says only that there is none.
        bounded = required.high <= _LARGEST_EXTRAPOLATION * largest
        high = f"to {_count(required.high)}" if bounded else "or more"
        text += f" (90 % interval: {_count(required.low)} {high})"
    else:
        text += " (too few trainings for an interval)"
    return text + (", if the power law continues to hold." if required.extrapolated else ".")


def _count(n: float) -> str:
    """Two significant digits, or three from 100 on: more would be false precision."""
    return f"{float(f'{n:.3g}' if n >= 100 else f'{n:.2g}'):.0f}"
