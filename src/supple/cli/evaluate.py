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
    from supple.data.dataset import Dataset
    from supple.data.units import Units
    from supple.evaluation.regions import Partition
    from supple.models.uncertainty.error_bars import Prediction

#: Frames of which the force field knows least, that are named.
_LEAST_KNOWN = 3


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
    from supple.data.units import Units
    from supple.evaluation.error_bars import ErrorBarQualities
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
    qualities = ErrorBarQualities(None, None)
    if potential.error_bars is None:
        energies, forces = potential.predict(unseen.positions)
    else:
        prediction = potential.predict(unseen.positions, uncertainty=True)
        energies, forces = prediction.energies, prediction.forces
        qualities = ErrorBarQualities.of(potential, unseen, prediction)
    metrics = potential.metrics(unseen, energies, forces, report_units).to_dict()
    partitions = errors_by_region(potential, unseen, report_units) if regions else []
    if json:
        more = {"regions": [partition.to_dict() for partition in partitions]} if regions else {}
        print_json(metrics | {"n_excluded": excluded, "uncertainty": qualities.to_dict()} | more)
        return
    typer.echo(repr(potential).strip("<>") + ".")
    for note in dataset.source.notes:
        typer.echo(note)
    if excluded:
        typer.echo(f"Excluded: {excluded} frames of the file that the force field was trained or validated on.")
    print_errors(f"Errors on {metrics['n_frames']} frames of {file.name}", metrics)
    for name in ("energy", "forces"):
        if (quality := getattr(qualities, name)) is not None:
            typer.echo(f"Error bars of the {name}: {quality}.")
    if potential.error_bars is not None and unseen.forces is not None:
        _print_expected(unseen, prediction, Units.parse(report_units or unseen.source.units))
    if potential.error_bars is None:
        typer.echo(f"The force field has no error bars: 'supple calibrate {model} FILE' adds them.")
    for partition in partitions:
        _print(partition)
    print_next(f"supple predict {model} GEOMETRIES.xyz --out predicted.xyz", f"supple cite {model}")


def _print_expected(dataset: Dataset, prediction: Prediction, units: Units) -> None:
    """Expected force errors beside the actual ones, and the frames where the largest ones are expected."""
    from rich.console import Console
    from rich.table import Table

    from supple.evaluation.expected_errors import ExpectedErrors

    assert dataset.forces is not None
    unit = units.forces_in_ev_per_angstrom
    errors = (prediction.forces - dataset.forces).reshape(len(dataset), -1) / unit
    found = ExpectedErrors.of(errors, prediction.forces_std / unit)
    table = Table(title=f"Expected and actual force errors (RMSE, {units.forces})", title_justify="left")
    for heading in ("frames", "expected", "actual"):
        table.add_column(heading, justify="right")
    for one in found.bins:
        table.add_row(str(one.n_frames), rounded(one.expected), rounded(one.actual))
    if found.bins:
        Console().print(table)
    least = ", ".join(
        f"frame {dataset.frames[k]} ({rounded(float(found.expected[k]))} expected, {rounded(float(found.actual[k]))} actual)"
        for k in found.frames[:_LEAST_KNOWN]
    )
    typer.echo(f"The force field knows least of {least}.")


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
