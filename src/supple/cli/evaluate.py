"""`supple evaluate`: errors of a force field on labelled frames."""

from __future__ import annotations

import typer

from supple.cli.console import print_errors, print_json, print_next
from supple.cli.options import DataFile, JsonOption, KeysOption, ModelFile, ReportUnits, UnitsOption


def evaluate(
    model: ModelFile,
    file: DataFile,
    units: UnitsOption = None,
    keys: KeysOption = None,
    report_units: ReportUnits = None,
    json: JsonOption = False,
) -> None:
    """Errors of a force field on labelled frames.

    Frames that it was trained or validated on are left out.
    """
    from supple.evaluation.unseen import unseen_frames
    from supple.potential import Potential
    from supple.reading import read

    potential = Potential.load(model)
    dataset = read(file, units=units, keys=keys)
    potential.require_molecule(dataset)
    fresh = unseen_frames(potential, dataset)
    excluded = len(dataset) - len(fresh)
    metrics = potential.evaluate(fresh, report_units).to_dict()
    if json:
        print_json(metrics | {"n_excluded": excluded})
        return
    typer.echo(repr(potential))
    if excluded:
        typer.echo(f"Left out: {excluded} frames of the file that the force field was trained or validated on.")
    print_errors(f"Errors on {metrics['n_frames']} frames of {file.name}", metrics)
    print_next(f"supple predict {model} GEOMETRIES.xyz --out predicted.xyz", "supple cite")
