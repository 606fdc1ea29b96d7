"""The result of a study in one line for each dataset: which model to use, and how many calculations a target error requires."""

from __future__ import annotations

from supple.study.formatting import number
from supple.study.model_style import display_name
from supple.study.required_frames import goal, required_number
from supple.study.results import Results


def recommendation(results: Results, dataset: str, target: float | None = None) -> str | None:
    """The model with the smallest force error (RMSE) at its largest size; None where no training has a result.

    Args:
        results: of a study.
        dataset: one of its datasets.
        target: force error to reach, in the unit of the results; half of the smallest error of the model when None.
    """
    last = {
        model: curve[-1]
        for model in results.record.models
        if (curve := results.curve(dataset, model, "forces", "rmse"))
    }
    if not last:
        return None
    # sizes that only some models were trained with would favour these
    common = min(point.n_train for point in last.values())
    at_common = {
        model: next(
            (p.median for p in results.curve(dataset, model, "forces", "rmse") if p.n_train == common), float("inf")
        )
        for model in last
    }
    best = min(at_common, key=lambda model: at_common[model])
    unit = results.unit(dataset, "forces")
    text = f"Use {display_name(best)}: " if len(last) > 1 else f"{display_name(best)}: "
    text += f"force RMSE {number(last[best].median)} {unit} with {last[best].n_train} frames"
    required = required_number(results, dataset, best, target)
    return f"{text}; {required} for {goal(results, dataset, best, target)}." if required else f"{text}."
