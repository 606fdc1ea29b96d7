"""`supple convert`: data in another format or in other units."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from supple.cli.console import print_json, print_next, print_written
from supple.cli.options import JsonOption, KeysOption, LeaveOutOption, MoleculeOption, UnitsOption
from supple.cli.output_options import OverwriteOption, require_outputs
from supple.runtime.output_files import output_path


def convert(
    file: Annotated[Path, typer.Argument(help="File, folder, or pattern in quotes to read.")],
    out: Annotated[
        Path, typer.Argument(help="File to write: .xyz, .xyz.gz, .npz, .db or .h5.", parser=output_path, metavar="out")
    ],
    to: Annotated[
        str | None,
        typer.Option(
            "--to", help="Format: extxyz, sgdml, rmd17, ase, schnetpack or spice (default: by the suffix of OUT)."
        ),
    ] = None,
    units: UnitsOption = None,
    out_units: Annotated[
        str | None, typer.Option(help="Units of the output (default: those of the input file).")
    ] = None,
    keys: KeysOption = None,
    molecule: MoleculeOption = None,
    accept: LeaveOutOption = None,
    overwrite: OverwriteOption = False,
    json: JsonOption = False,
) -> None:
    """Convert data to another format or to other units."""
    from supple.data.reading import read
    from supple.data.units import Units
    from supple.data.writing import format_of, write

    format_name = format_of(out, to)
    target = Units.parse(out_units) if out_units else None
    require_outputs(out, reads=[file], overwrite=overwrite)
    dataset = read(file, units=units, keys=keys, molecule=molecule, accept=accept or ())
    left_out = write(out, dataset, target, format_name)
    if json:
        print_json(
            {
                "out": str(out),
                "format": format_name,
                "n_frames": len(dataset),
                "left_out": left_out,
                "notes": list(dataset.source.notes),
            }
        )
        return
    for note in dataset.source.notes:
        typer.echo(note)
    print_written((out, f"{len(dataset)} frames of {dataset.formula} ({format_name})"))
    if left_out:
        typer.echo(f"Left out, because the format cannot store it: {', '.join(left_out)}.")
    print_next(f"supple check {out}")
