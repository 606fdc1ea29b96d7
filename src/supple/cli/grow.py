"""`supple grow`: from a molecule to a force field whose error is stated."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from supple.cli.console import print_json, print_next, print_written, progress_display
from supple.cli.options import JsonOption, UnitsOption
from supple.cli.resumable import resumable
from supple.errors import SettingsError
from supple.sampling import descriptions


def grow(
    molecule: Annotated[str, typer.Argument(help=descriptions.MOLECULE)],
    method: Annotated[str, typer.Option(help="Method of the calculations: GFN2-xTB, pyscf:PBE0/def2-SVP, ...")],
    temperature: Annotated[
        float, typer.Option(min=1.0, help="Temperature (K) at which the force field is to be used.")
    ] = 300.0,
    target: Annotated[str, typer.Option(help="Force error (RMSE) to reach, such as '1 kcal/mol/Å'.")] = "1 kcal/mol/Å",
    budget: Annotated[int, typer.Option(min=20, help="Most calculations, those of the final test included.")] = 300,
    more: Annotated[
        int | None,
        typer.Option(min=20, help="Go on from a finished run with so many more calculations, in place of --budget."),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Start from frames that the method has labelled before; they are not counted.")
    ] = None,
    drive: Annotated[
        str | None,
        typer.Option(
            help="Cheap method of the first exploration (default: GFN2-xTB, or GFN1-xTB if that is the method)."
        ),
    ] = None,
    model: Annotated[str, typer.Option(help="Kind of model.")] = "sgdml",
    baseline: Annotated[
        str,
        typer.Option(
            help="Learn the difference to a cheaper method, such as GFN2-xTB, or a force field (FILE.safetensors); auto: to a network that "
            "learns the method of --drive, where that helps; none: the method itself."
        ),
    ] = "auto",
    on: Annotated[
        str | None,
        typer.Option(
            help="Calculate on a cluster: slurm:FILE.yaml, or the address of a Dask scheduler, tcp://host:8786; everything else runs here."
        ),
    ] = None,
    units: UnitsOption = None,
    charge: Annotated[int, typer.Option(help=descriptions.CHARGE)] = 0,
    multiplicity: Annotated[int, typer.Option(min=1, help=descriptions.MULTIPLICITY)] = 1,
    seed: Annotated[int, typer.Option(min=0, help=descriptions.SEED)] = 0,
    out: Annotated[Path | None, typer.Option(help="Folder for everything. [default: MOLECULE-grown]")] = None,
    json: JsonOption = False,
) -> None:
    """Grow a force field from a molecule: calculate what it needs.

    Explore, calculate, train, run dynamics, and calculate where the force field knows least, until the target is reached or the
    budget is spent; then test it on independent geometries. Run the command again to resume, or with a larger budget to go on.
    """
    from supple.data.reading import read
    from supple.growth.growth import calculations_so_far
    from supple.growth.growth import grow as run
    from supple.growth.settings import Goal, GrowthSettings, drive_for
    from supple.runtime.workers.backends import backend_from
    from supple.sampling.molecules import name_for_files

    folder = out or Path(f"{name_for_files(molecule)}-grown")
    goal = Goal.of(target, budget if more is None else calculations_so_far(folder) + more)
    if method == drive:
        raise SettingsError(f"--drive {drive} is the method itself: leave out --drive, or name a cheaper one.")
    settings = GrowthSettings(
        molecule=molecule,
        method=method,
        drive=drive or drive_for(method),
        charge=charge,
        multiplicity=multiplicity,
        temperature=temperature,
        model=model,
        baseline=baseline,
        seed=seed,
    )
    given = None if data is None else read(data, units=units)
    backend = None if on is None else backend_from(on)
    with progress_display() as progress, resumable(progress, folder / "model.safetensors"):
        result = run(settings, goal, folder, progress, given, backend)
    if json:
        print_json(result.to_json())
        return
    typer.echo(result.stated_error())
    print_written(
        (result.model, "the force field"),
        (result.data, "all calculations, with round and reason"),
        (result.report, "everything on one page"),
    )
    print_next(f"supple md {result.model} --start {result.data} --time 100ps", f"xdg-open {result.report}")
