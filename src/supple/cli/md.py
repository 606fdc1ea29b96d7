"""`supple md`: molecular dynamics with a force field."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from supple.cli.console import print_json, print_next, progress_display
from supple.cli.model_argument import arranged, load_model
from supple.cli.options import JsonOption, ModelFile, UnitsOption
from supple.cli.output_options import OverwriteOption, output_option, require_outputs
from supple.cli.resumable import resumable
from supple.cli.settings_options import with_settings_options
from supple.simulation.dynamics import DynamicsSettings


@with_settings_options(DynamicsSettings)
def md(
    model: ModelFile,
    settings: DynamicsSettings,
    start: Annotated[
        Path | None, typer.Option(help="File of initial geometries (default: that of --reference).")
    ] = None,
    frame: Annotated[
        str,
        typer.Option(help="Initial frames, counted from 0: 12 or 3,17 or -1 or 0:100:10; replicas use them in turn."),
    ] = "0",
    replicas: Annotated[
        int,
        typer.Option(
            min=1,
            help="Number of simulations in one batch, each with its own velocities and trajectory (md-0.xyz ...).",
        ),
    ] = 1,
    out: Annotated[Path, output_option("Trajectory to write: .xyz, ASE's .traj, or .h5 (H5MD) for long runs.")] = Path(
        "md.xyz"
    ),
    overwrite: OverwriteOption = False,
    reference: Annotated[
        Path | None, typer.Option(help="Training data for the guards; an sGDML model contains its own.")
    ] = None,
    units: UnitsOption = None,
    json: JsonOption = False,
) -> None:
    """Run molecular dynamics, monitored by guards.

    Run the command again to resume an interrupted run, or with a longer --time to extend a finished one. Exit code 1 when
    a guard stopped a replica.
    """
    from supple.data.reading import read
    from supple.errors import SettingsError
    from supple.simulation.analysis.spectrum import aliasing
    from supple.simulation.dynamics import run_md, summary
    from supple.simulation.dynamics.initial_frames import select_frames

    if (geometries := start or reference) is None:
        raise SettingsError("No initial geometry: give a file with --start, or training data with --reference.")
    require_outputs(out, reads=[model, start, reference], overwrite=True)  # the run knows its own files
    potential = load_model(model, geometries, "supple md {} --start {}")
    initial = arranged(potential, select_frames(read(geometries, units=units, labels=False), frame))
    training = None if reference is None else arranged(potential, read(reference, units=units, labels=False))
    with progress_display() as progress, resumable(progress):
        if (aliased := aliasing(potential.numbers, settings.every)) is not None:
            progress.note(f"This run will give no spectrum: {aliased} (--every) if you need one.")
        results = run_md(
            potential, initial, settings, out, replicas=replicas, reference=training, progress=progress,
            overwrite=overwrite,
        )  # fmt: skip
    if json:
        print_json({"runs": [result.as_json() for result in results]})
    else:
        typer.echo("\n".join(summary(results)))
        view = [f"ase gui {results[0].out}"] if out.suffix in (".xyz", ".extxyz", ".traj") else []
        label = [f"supple sample --label {result.triggered_file}" for result in results if result.n_triggered]
        if view or label:
            print_next(*view, *label)
    if any(result.stopped for result in results):
        raise typer.Exit(1)
