"""`supple convert`: from one format to another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from supple.cli.console import print_json, print_next
from supple.cli.options import JsonOption, KeysOption, MoleculeOption, UnitsOption


def convert(
    file: Annotated[Path, typer.Argument(help="What to read: a file, a folder, or a pattern in quotes.")],
    out: Annotated[Path, typer.Argument(help="What to write: .xyz, .npz, .db or .h5; .xyz also .gz.")],
    to: Annotated[
        str | None,
        typer.Option("--to", help="extxyz, sgdml, rmd17, ase, schnetpack or spice; by the suffix if left out."),
    ] = None,
    units: UnitsOption = None,
    out_units: Annotated[str | None, typer.Option(help="Units to write in; those of the file if left out.")] = None,
    keys: KeysOption = None,
    molecule: MoleculeOption = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace OUT if it exists.")] = False,
    json: JsonOption = False,
) -> None:
    """Convert data to another format or to other units."""
    from supple.data.reading import read
    from supple.data.units import Units
    from supple.data.writing import format_of, write
    from supple.errors import DataError

    wanted = format_of(out, to)
    target = Units.parse(out_units) if out_units else None
    if out.exists() and (not overwrite or out.samefile(file)):
        raise DataError(f"{out} exists already: choose another name, or replace it with --overwrite.")
    dataset = read(file, units=units, keys=keys, molecule=molecule)
    left_out = write(out, dataset, target, wanted)
    if json:
        print_json({"out": str(out), "format": wanted, "n_frames": len(dataset), "left_out": left_out})
        return
    typer.echo(f"{len(dataset)} frames of {dataset.formula} in {out} ({wanted}).")
    if left_out:
        typer.echo(f"The format has no room for {', '.join(left_out)}.")
    print_next(f"supple check {out}")
