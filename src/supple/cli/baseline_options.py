"""Options of a baseline: `train`, `tune`, `study`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from supple.errors import SettingsError
from supple.models.baseline.fewest_labels import FEWEST_LABELS

BaselineOption = Annotated[
    str | None,
    typer.Option(
        "--baseline",
        help="Learn the difference to a cheaper method, which is added again: GFN2-xTB, pyscf:HF/sto-3g, module:function, or the file of "
        "another force field; auto tries GFN2-xTB, and uses it where it helps.",
    ),
]
BaselineChargeOption = Annotated[
    int | None, typer.Option("--charge", help="Total charge, for a baseline (default: that of the data, or 0).")
]
BaselineMultiplicityOption = Annotated[
    int | None,
    typer.Option("--multiplicity", min=1, help="Spin multiplicity, for a baseline (default: that of the data, or 1)."),
]
LearnBaselineOption = Annotated[
    int | None,
    typer.Option(
        "--learn-baseline",
        min=FEWEST_LABELS,
        help="Learn the method itself from so many of its labels, at geometries like those of the data, so that a step of dynamics does "
        "not call it; 2000, for instance.",
    ),
]


def with_baseline(
    settings: dict[str, Any],
    baseline: str | None,
    charge: int | None,
    multiplicity: int | None,
    learn: int | None = None,
) -> dict[str, Any]:
    """Settings of a model with the baseline that the options name.

    Raises:
        SettingsError: charge, multiplicity or a number of labels are given without a baseline.
    """
    options = {"charge": charge, "multiplicity": multiplicity, "learn": learn}
    given = {name: value for name, value in options.items() if value is not None}
    if baseline is not None:
        return settings | {"baseline": {"method": baseline} | given}
    if not given:
        return settings
    earlier = settings.get("baseline")
    if earlier is None:
        raise SettingsError(
            "--charge, --multiplicity and --learn-baseline are those of a baseline: add --baseline, or leave them out."
        )
    return settings | {"baseline": ({"method": earlier} if isinstance(earlier, str) else dict(earlier)) | given}
