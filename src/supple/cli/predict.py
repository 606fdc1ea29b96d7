"""`supple predict`: geometries in, energies and forces out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from supple.cli.console import print_json, print_next, progress_display
from supple.cli.options import GeometryFile, GeometryUnits, JsonOption, ModelFile


def predict(
    model: ModelFile,
    file: GeometryFile,
    out: Annotated[Path | None, typer.Option(help="Extended xyz to write; FILE-predicted.xyz if left out.")] = None,
    units: GeometryUnits = None,
    out_units: Annotated[str, typer.Option(help="Units to write: eV, kcal/mol, or hartree,bohr.")] = "eV",
    json: JsonOption = False,
) -> None:
    """Predict energies and forces of geometries."""
    from supple.data.dataset import Dataset
    from supple.data.reading import read
    from supple.data.units import Units
    from supple.data.writing import write_extxyz
    from supple.errors import DataError
    from supple.models.loading import load

    target = Units.parse(out_units)
    potential = load(model)
    geometries = read(file, units=units, labels=False)
    potential.require_molecule(geometries)
    out = out or Path(file.name.removesuffix(".gz").rsplit(".", 1)[0] + "-predicted.xyz")
    if out.exists() and out.samefile(file):
        raise DataError(f"The output {out} is the input file: choose another name with --out.")
    with progress_display() as progress:
        energies, forces = potential.predict(geometries.positions)
        progress.note(f"{len(geometries)} geometries of {geometries.formula}.")
    predicted = Dataset.of(
        geometries.numbers, geometries.positions, energies if potential.provenance.has_energies else None, forces,
        name=file.name,
    )  # fmt: skip
    write_extxyz(out, predicted, target)
    if json:
        print_json({"out": str(out), "n_frames": len(geometries), "units": str(target)})
        return
    typer.echo(f"{len(geometries)} frames with energies and forces ({target}) in {out}")
    if not potential.provenance.has_energies:
        typer.echo("The force field was trained without energies: the file has forces alone.")
    print_next(f"supple evaluate {model} REFERENCE.xyz")
