"""`supple analyse`: what a trajectory shows, and how near it is to a reference."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from supple.cli.console import print_json, print_next, progress_display
from supple.cli.options import JsonOption, KeysOption, MoleculeOption, UnitsOption

if TYPE_CHECKING:
    from supple.simulation.analysis import Analysis


def analyse(
    trajectories: Annotated[list[Path], typer.Argument(help="Trajectories of one molecule: .xyz, .extxyz or .traj.")],
    reference: Annotated[
        Path | None, typer.Option(help="Data to compare with: geometries of the same molecule.")
    ] = None,
    units: UnitsOption = None,
    keys: KeysOption = None,
    molecule: MoleculeOption = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write; TRAJECTORY-analysis if left out.")] = None,
    temperature: Annotated[
        float | None, typer.Option(help="K, of the free energies; that of the momenta if left out.")
    ] = None,
    constant_energy: Annotated[
        bool, typer.Option("--constant-energy", help="The total energy is conserved; for files that do not say it.")
    ] = False,
    frame_time: Annotated[
        float | None, typer.Option(min=1e-6, help="fs between frames, where the file does not say it.")
    ] = None,
    skip: Annotated[int, typer.Option(min=0, help="Frames to leave out at the beginning of each trajectory.")] = 0,
    report_units: Annotated[str, typer.Option(help="Unit of free energies.")] = "kcal/mol",
    json: JsonOption = False,
) -> None:
    """Analyse trajectories: stability, free energies, spectra, drift.

    --units, --keys and --molecule are of the reference. Exit code 1 when a trajectory is not stable.
    """
    from supple.data.reading import read
    from supple.data.units import Units
    from supple.simulation.analysis import analyse as examine
    from supple.simulation.analysis import read_trajectory, write_report

    unit = Units.parse(report_units).energy
    read_in = [read_trajectory(path, frame_time) for path in trajectories]
    known = None if reference is None else read(reference, units, keys, labels=False, molecule=molecule)
    out = out or Path(trajectories[0].name.removesuffix(".gz").rsplit(".", 1)[0] + "-analysis")
    with progress_display() as progress:
        found = examine(
            read_in, known, kelvin=temperature, constant_energy=constant_energy, skip=skip, progress=progress
        )
        page = write_report(found, out, unit)
    if json:
        print_json(found.as_dict() | {"out": str(out), "page": str(page)})
    else:
        _show(found, unit)
        typer.echo(f"\nWritten:\n  {page}  all of it as a page\n  {out}  figures (PNG, PDF) and curves (CSV)")
        print_next(f"supple analyse {trajectories[0]} --reference DATA.xyz" if known is None else f"xdg-open {page}")
    if not found.stable:
        raise typer.Exit(1)


def _show(found: Analysis, unit: str) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    for sentence in found.sentences():
        typer.echo(sentence)
    table = Table(title=f"{found.formula}, {found.n_frames} frames", title_justify="left")
    for heading in ("quantity", "value", "reference", "unit"):
        table.add_column(heading, no_wrap=heading == "unit")
    for row in found.rows(unit):
        table.add_row(*map(Text, row))
    Console().print(table)
