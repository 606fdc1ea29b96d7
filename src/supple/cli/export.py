"""`supple export`: a force field for another program."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from supple.cli.console import print_written
from supple.cli.options import ModelFile
from supple.cli.output_options import OverwriteOption, output_option, require_outputs


def export(
    model: ModelFile,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            help="sgdml: .npz of the sGDML package. torch: .pt2 of torch.export. aotinductor: .pt2 compiled by AOTInductor. "
            "metatomic: .pt for metatomic's engines.",
        ),
    ] = "sgdml",
    out: Annotated[Path | None, output_option("Output file. [default: MODEL with the suffix of the format]")] = None,
    overwrite: OverwriteOption = False,
    out_units: Annotated[
        str | None,
        typer.Option(help="Units of the written model, for sgdml only (default: those of the training data)."),
    ] = None,
) -> None:
    """Write a force field for another program."""
    from supple.interfaces.exporting import export as write
    from supple.interfaces.exporting import output_for

    out = output_for(model, to, out)
    require_outputs(out, reads=[model], overwrite=overwrite)
    written, description = write(model, to, out, out_units)
    print_written((written, description))
