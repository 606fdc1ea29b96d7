"""Options of a baseline: `train`, `tune`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from supple.errors import SettingsError

BaselineOption = Annotated[
    str | None,
    typer.Option(
        "--baseline",
        help="Learn the difference to a cheaper method, which is added again: GFN2-xTB, pyscf:HF/sto-3g, module:function, or the file of "
        "another force field.",
    ),
]
BaselineChargeOption = Annotated[
    int | None, typer.Option("--charge", help="Total charge, for --baseline (default: that of the data, or 0).")
]
BaselineMultiplicityOption = Annotated[
    int | None,
    typer.Option("--multiplicity", min=1, help="Spin multiplicity, for --baseline (default: that of the data, or 1)."),
]


def with_baseline(
    settings: dict[str, Any], baseline: str | None, charge: int | None, multiplicity: int | None
) -> dict[str, Any]:
    """Settings of a model with the baseline that the options name.

    Raises:
        SettingsError: charge or multiplicity are given without a baseline.
    """
    state = {name: value for name, value in (("charge", charge), ("multiplicity", multiplicity)) if value is not None}
    if baseline is not None:
        return settings | {"baseline": {"method": baseline} | state}
    if not state:
        return settings
    earlier = settings.get("baseline")
    if earlier is None:
        raise SettingsError("--charge and --multiplicity are those of a baseline: add --baseline, or leave them out.")
    return settings | {"baseline": ({"method": earlier} if isinstance(earlier, str) else dict(earlier)) | state}
