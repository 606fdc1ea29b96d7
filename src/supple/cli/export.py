"""`supple export`: a force field for another program."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from supple.cli.options import ModelFile


def export(
    model: ModelFile,
    to: Annotated[str, typer.Option("--to", help="sgdml: the sGDML package's .npz.")] = "sgdml",
    out: Annotated[Path | None, typer.Option(help="The file to write; MODEL.npz if left out.")] = None,
    out_units: Annotated[
        str | None, typer.Option(help="Units to write in; those of the training data's file if left out.")
    ] = None,
) -> None:
    """Hand a force field to another program."""
    from supple.errors import ModelFileError, SettingsError
    from supple.potential import Potential
    from supple.sgdml.exchange import save_sgdml_model
    from supple.sgdml.potential import SGDMLPotential

    if to != "sgdml":
        raise SettingsError(f"'{to}' is not a program to export to: choose sgdml.")
    potential = Potential.load(model)
    if not isinstance(potential, SGDMLPotential):
        raise ModelFileError(f"{model} is a {potential.kind} force field: the sGDML package takes kernel models only.")
    out = out or model.with_suffix(".npz")
    save_sgdml_model(potential, out, out_units)
    typer.echo(f"The force field as a model of the sGDML package: {out}")
