"""`supple export`: a force field for another program."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from supple.cli.options import ModelFile


def export(
    model: ModelFile,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            help="sgdml: the sGDML package's .npz. torch: a .pt2 of torch.export. aotinductor: a compiled .pt2. "
            "metatomic: a .pt for its engines.",
        ),
    ] = "sgdml",
    out: Annotated[
        Path | None, typer.Option(help="The file to write; MODEL with the format's suffix if left out.")
    ] = None,
    out_units: Annotated[
        str | None, typer.Option(help="For sgdml, units to write in; those of the training data's file if left out.")
    ] = None,
) -> None:
    """Write a force field for another program."""
    from supple.interfaces.exporting import export as write

    written, what = write(model, to, out, out_units)
    typer.echo(f"The force field as {what}: {written}")
