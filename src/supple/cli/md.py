"""`supple md`: molecular dynamics with a force field."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from supple.cli.console import print_json, print_next, progress_display
from supple.cli.options import JsonOption, ModelFile, UnitsOption


class Ensemble(StrEnum):
    """What is kept constant, and how."""

    nve = "nve"
    langevin = "langevin"
    nose_hoover = "nose-hoover"


class OnLeave(StrEnum):
    """What happens when a guard speaks."""

    stop = "stop"
    warn = "warn"
    restrain = "restrain"


def md(
    model: ModelFile,
    start: Annotated[
        Path | None,
        typer.Option(help="Geometries to begin from: .xyz and the like; those of --reference if left out."),
    ] = None,
    frame: Annotated[
        str,
        typer.Option(help="Which of them, counted from 0: 12 or 3,17 or -1 or 0:100:10; replicas take them in turn."),
    ] = "0",
    ensemble: Annotated[
        Ensemble, typer.Option(help="Constant energy, Langevin dynamics, or a Nosé-Hoover chain.")
    ] = Ensemble.langevin,
    temperature: Annotated[float, typer.Option(help="K; with nve, of the first velocities.")] = 300.0,
    time: Annotated[str, typer.Option(help="How long: 500fs, 100ps, 2ns.")] = "100ps",
    timestep: Annotated[str, typer.Option(help="Of the integrator.")] = "0.5fs",
    every: Annotated[str, typer.Option(help="Time from one saved frame to the next.")] = "10fs",
    damping: Annotated[str, typer.Option(help="Of the thermostat: how fast it follows.")] = "100fs",
    replicas: Annotated[
        int,
        typer.Option(min=1, help="Runs side by side, with velocities and a trajectory (md-0.xyz ...) of their own."),
    ] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Of velocities and random forces.")] = 0,
    out: Annotated[Path, typer.Option(help="Trajectory: .xyz, ASE's .traj, or .h5 (H5MD) for long runs.")] = Path(
        "md.xyz"
    ),
    reference: Annotated[
        Path | None, typer.Option(help="Training data for the guards; an sgdml model holds its own frames.")
    ] = None,
    on_leave: Annotated[
        OnLeave,
        typer.Option(
            help="When a guard speaks: stop, warn, or restrain (back to the last frame, with new velocities)."
        ),
    ] = OnLeave.stop,
    units: UnitsOption = None,
    json: JsonOption = False,
) -> None:
    """Run molecular dynamics, monitored by guards.

    The same command again goes on where it was stopped; with a longer --time, where it ended. Exit code 1 when a guard
    stopped a replica.
    """
    from supple.data.reading import read
    from supple.errors import SettingsError
    from supple.models.loading import load
    from supple.simulation.dynamics import DynamicsSettings, run, sentences
    from supple.simulation.dynamics.initial_frames import chosen

    settings = DynamicsSettings.of(
        ensemble=ensemble.value, temperature=temperature, time=time, timestep=timestep, every=every, damping=damping,
        seed=seed, on_leave=on_leave.value,
    )  # fmt: skip
    if (begin := start or reference) is None:
        raise SettingsError(
            "Where to begin? Name a file of geometries with --start, or training data with --reference."
        )
    potential = load(model)
    geometry = chosen(read(begin, units=units, labels=False), frame)
    known = None if reference is None else read(reference, units=units, labels=False)
    with progress_display() as progress:
        try:
            outcomes = run(potential, geometry, settings, out, replicas=replicas, reference=known, progress=progress)
        except KeyboardInterrupt:
            progress.note("Stopped; the same command goes on from the last frame.")
            raise typer.Exit(130) from None
    left = [outcome.left[0] for outcome in outcomes if outcome.left[1]]
    if json:
        print_json({"runs": [outcome.as_json() for outcome in outcomes]})
    else:
        typer.echo("\n".join(sentences(outcomes)))
        shown = [f"ase gui {outcomes[0].out}"] if out.suffix in (".xyz", ".extxyz", ".traj") else []
        if following := [*shown, *(f"supple sample --label {path}" for path in left)]:
            print_next(*following)
    if any(outcome.stopped for outcome in outcomes):
        raise typer.Exit(1)
