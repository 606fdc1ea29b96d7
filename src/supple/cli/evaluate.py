"""`supple evaluate`: errors of a force field on labelled frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from supple.cli.console import print_errors, print_json, print_next, progress_display
from supple.cli.model_argument import arranged, load_model
from supple.cli.options import DataFile, JsonOption, KeysOption, LeaveOutOption, ModelFile, ReportUnits, UnitsOption
from supple.cli.resumable import resumable
from supple.errors import DataError
from supple.runtime.rounding import rounded

if TYPE_CHECKING:
    from supple.evaluation.regions import Partition


def evaluate(
    model: ModelFile,
    file: DataFile,
    units: UnitsOption = None,
    keys: KeysOption = None,
    accept: LeaveOutOption = None,
    report_units: ReportUnits = None,
    regions: Annotated[
        bool,
        typer.Option(
            "--regions",
            help="Also print errors by conformer, torsion, energy, element and atom, and for the worst frames.",
        ),
    ] = False,
    json: JsonOption = False,
) -> None:
    """Compute the errors of a force field on labelled frames.

    Frames that it was trained or validated on are excluded. The table has MAE and RMSE, the 95th percentile of the absolute errors
    (95 %) and the largest one (max).
    """
    from supple.evaluation.labelled_frames import labelled_frames
    from supple.evaluation.regions import errors_by_region
    from supple.evaluation.unseen_frames import unseen_frames

    potential = load_model(model, file, "supple evaluate {} {}")
    dataset, note = labelled_frames(file, potential, units, keys, accept or ())
    if note:
        typer.echo(note, err=True)
    dataset = arranged(potential, dataset)
    unseen = unseen_frames(potential, dataset)
    excluded = len(dataset) - len(unseen)
    if regions and unseen.forces is None:
        raise DataError(f"{file.name} has no forces, which are needed for errors by region: leave out --regions.")
    with progress_display() as progress, resumable(progress):
        potential.prepare(unseen, progress)
    metrics = potential.evaluate(unseen, report_units).to_dict()
    partitions = errors_by_region(potential, unseen, report_units) if regions else []
    if json:
        more = {"regions": [partition.to_dict() for partition in partitions]} if regions else {}
        print_json(metrics | {"n_excluded": excluded} | more)
        return
    typer.echo(repr(potential).strip("<>") + ".")
    for note in dataset.source.notes:
        typer.echo(note)
    if excluded:
        typer.echo(f"Excluded: {excluded} frames of the file that the force field was trained or validated on.")
    print_errors(f"Errors on {metrics['n_frames']} frames of {file.name}", metrics)
    for partition in partitions:
        _print(partition)
    print_next(f"supple predict {model} GEOMETRIES.xyz --out predicted.xyz", f"supple cite {model}")


def _print(partition: Partition) -> None:
    from rich.console import Console
    from rich.table import Table

    shown = [region.metrics for region in partition.regions if region.metrics]
    units = {name: errors.unit for name in ("energy", "forces") for one in shown if (errors := getattr(one, name))}
    title = f"{partition.name} ({', '.join(f'{name} in {unit}' for name, unit in units.items())})"
    table = Table(title=title, title_justify="left")
    table.add_column("")
    headings = [f"{name[0].upper()} {metric}" for name in units for metric in ("MAE", "RMSE")]
    for heading in ("frames", *headings, "share of squared F error"):
        table.add_column(heading, justify="right")
    for region in partition.regions:
        summaries = [getattr(region.metrics, name, None) for name in units]
        cells = [
            rounded(value) if errors else "-"
            for errors in summaries
            for value in ((errors.mae, errors.rmse) if errors else (0, 0))
        ]
        table.add_row(
            region.label, str(region.n_frames), *cells, "-" if region.share is None else f"{100 * region.share:.0f} %"
        )
    Console().print(table)
