"""`supple md`: molecular dynamics with a force field."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from supple.cli.console import print_json, print_next, progress_display
from supple.cli.options import JsonOption, ModelFile


class Ensemble(str, Enum):
    """What is kept constant, and how."""

    nve = "nve"
    langevin = "langevin"
    nose_hoover = "nose-hoover"


class OnLeave(str, Enum):
    """What happens when a guard speaks."""

    stop = "stop"
    warn = "warn"


def md(
    model: ModelFile,
    start: Annotated[Path, typer.Option(help="Where to begin: the first frame of this file, .xyz and the like.")],
    ensemble: Annotated[
        Ensemble, typer.Option(help="Constant energy, Langevin dynamics, or a Nosé-Hoover chain.")
    ] = Ensemble.langevin,
    temperature: Annotated[float, typer.Option(help="K; with nve, of the first velocities.")] = 300.0,
    time: Annotated[str, typer.Option(help="How long: 500fs, 100ps, 2ns.")] = "100ps",
    timestep: Annotated[str, typer.Option(help="Of the integrator.")] = "0.5fs",
    every: Annotated[str, typer.Option(help="Time from one saved frame to the next.")] = "10fs",
    damping: Annotated[str, typer.Option(help="Of the thermostat: how fast it follows.")] = "100fs",
    replicas: Annotated[int, typer.Option(min=1, help="Runs with velocities and a trajectory of their own.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Of velocities and random forces.")] = 0,
    out: Annotated[Path, typer.Option(help="Trajectory to write: .xyz, .extxyz or ASE's .traj.")] = Path("md.xyz"),
    reference: Annotated[
        Path | None, typer.Option(help="Training data for the guards; an sgdml model holds its own frames.")
    ] = None,
    on_leave: Annotated[OnLeave, typer.Option(help="When a guard speaks: stop the run, or warn.")] = OnLeave.stop,
    json: JsonOption = False,
) -> None:
    """Molecular dynamics, watched by guards.

    The same command again goes on where it was stopped; with a longer --time, where it ended. Exit code 1 when a guard
    stopped it.
    """
    from supple.dynamics import DynamicsSettings, run_replicas
    from supple.potential import Potential
    from supple.reading import read

    settings = DynamicsSettings.of(
        ensemble=ensemble.value, temperature=temperature, time=time, timestep=timestep, every=every, damping=damping,
        seed=seed, on_leave=on_leave.value,
    )  # fmt: skip
    potential = Potential.load(model)
    geometry = read(start, labels=False)
    known = None if reference is None else read(reference, labels=False)
    with progress_display() as progress:
        try:
            outcomes = run_replicas(potential, geometry, settings, out, replicas, reference=known, progress=progress)
        except KeyboardInterrupt:
            progress.note("Stopped; the same command goes on from the last frame.")
            raise typer.Exit(130) from None
    if json:
        print_json({"runs": [outcome.as_json() for outcome in outcomes]})
    else:
        for outcome in outcomes:
            typer.echo("\n".join(outcome.sentences()))
        files = dict.fromkeys(path for o in outcomes for path in (o.out, *([o.left[0]] if o.left[1] else [])))
        print_next(*(f"ase gui {path}" for path in files))
    if any(outcome.stopped for outcome in outcomes):
        raise typer.Exit(1)
