"""The option that chooses a kind of model; the help lists all of them, those of installed plugins as well."""

from __future__ import annotations

from typing import Annotated

import typer

from supple.models.registry import MODELS

ModelOption = Annotated[str, typer.Option("--model", help=f"Kind of model: {', '.join(MODELS.names)}.")]
ModelsOption = Annotated[
    str,
    typer.Option(
        "--models",
        help=f"Models to compare, separated by commas: any of {', '.join(MODELS.names)}; sgdml@GFN2-xTB is sgdml on a baseline.",
    ),
]
